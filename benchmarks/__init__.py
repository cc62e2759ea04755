"""What the server costs, as a share of what it cannot cost less than.

An absolute figure means nothing on a shared machine, so every work is measured next to its own limit: the same bytes
through aiohttp and uvloop with nothing behind them ("A"), and the arithmetic that the work cannot do without, alone.
Servers run on one processor and the load comes from another; the figure is the processor time of the server's process
tree, per piece of work. ``python -m benchmarks`` prints one table.
"""
