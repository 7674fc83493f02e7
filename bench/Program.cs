// Entry point; filled in by the next commits.
return 0;
