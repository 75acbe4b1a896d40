"""Instructions of kernels, hypervisors and firmware that came with extensions which no user program sees (FRED, TDX,
SEV, MSR lists): names and lengths.  `privileged.py` has those whose refusal matters to user programs.
"""

from __future__ import annotations

from elfin.isa.row import each

each("lkgs 6", "F2 0F 00 /{0}   E,w", "cpuid=lkgs")
each("erets F2, eretu F3", "{0} 0F 01 !CA", "cpuid=fred")
each("wrmsrns NP, rdmsrlist F2, wrmsrlist F3", "{0} 0F 01 !C6", "cpuid=msrlist")
each("pbndkb C7", "NP 0F 01 !{0}", "cpuid=tse")
each("tdcall CC, seamret CD, seamops CE, seamcall CF", "66 0F 01 !{0}", "cpuid=tdx")
each("vmgexit F3, vmgexit F2", "{0} 0F 01 !D9", "cpuid=sev", "APM")
each("rmpquery FD, mcommit FA", "F3 0F 01 !{0}", "cpuid=sev", "APM")
