"""wdist against other implementations and closed forms.

A check draws random problems whose answer is known from elsewhere: from POT or SciPy, whose algorithms are not those
of wdist, or from a closed form (Villani, Topics in Optimal Transportation, 2003; Peyré and Cuturi, Computational
Optimal Transport, 2019, doi:10.1561/2200000073). Its row on the page is the worst of its problems.
"""

from importlib import import_module

for rows in ("line", "gaussians", "transport", "front", "populations"):  # in the order of the page
    import_module(f"{__name__}.{rows}")
