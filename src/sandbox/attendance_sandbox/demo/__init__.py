"""A month of three offices on a virtual clock, through every real library, reconciled at the end."""
