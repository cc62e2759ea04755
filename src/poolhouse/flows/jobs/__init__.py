"""Jobs: work that goes on wherever its process dies.

A job is held by a lease: its record names the owner and until when. Every step is a conditional write of that one
record, so of several who want a job one gets it, and who lost it can write nothing more. Progress renews the lease. A
lease that has run out is anybody's to take over. Clocks only decide when somebody tries; that nobody writes over
another's progress is the version's doing.

A handler does a bounded part of the work each time. It may be called again for a part that was done already (the
process died before the progress was written), and must then change nothing.
"""
