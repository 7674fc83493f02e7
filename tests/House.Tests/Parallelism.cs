// House tests take turns: each starts a whole house on two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
