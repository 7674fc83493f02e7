// These tests mostly wait, one of them for a minute: one more than there are cores in CI keeps the cores busy.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
