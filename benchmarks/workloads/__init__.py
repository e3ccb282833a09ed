"""What is measured: programs of the kinds that people differentiate, each with its derivative written out by hand."""

from __future__ import annotations

from workloads import chain, higher, indexing, linear_algebra, networks, simulations

FAMILIES = (chain, networks, simulations, linear_algebra, indexing, higher)

WORKLOADS = {workload.name: workload for family in FAMILIES for workload in family.WORKLOADS}
