// Each test starts a whole house and mostly waits for it: two at a time keep two cores busy.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
