"""What only a kernel, a hypervisor or a processor with more features may execute (SDM vol. 2, APM vol. 3).

Output: rows, and one meaning: a privileged instruction is #GP at privilege level 3, whatever its operands.
        Rows without a meaning are #UD, as on a processor that lacks (or has not enabled) the feature.
"""

from __future__ import annotations

from elfin.ir.value import TRUE
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vectors import GP


def privileged(mnemonic: str, reference: str, text: str, attributes: str = "") -> None:
    """Rows of an instruction that is #GP in a user program."""
    rows(mnemonic, reference, f"priv meaning=privileged {attributes}")(text)


def unavailable(mnemonic: str, reference: str, text: str, attributes: str = "") -> None:
    """Rows that have a name and a length here, and no meaning."""
    rows(mnemonic, reference, attributes)(text)


@semantics("privileged")
def no_privilege(m: Sem, *_: Place) -> None:
    m.fault_if(TRUE, GP)


# -- ports and interrupts ------------------------------------------------------------------------
privileged("hlt", "SDM 2A HLT", "F4")
privileged("cli", "SDM 2A CLI", "FA")
privileged("sti", "SDM 2B STI", "FB")
privileged("in", "SDM 2A IN", """
E4       AL I,b
o16 E5   AX I,b
o32 E5   EAX I,b
o64 E5   EAX I,b
EC       AL DX
o16 ED   AX DX
o32 ED   EAX DX
o64 ED   EAX DX
""")  # fmt: skip
privileged("out", "SDM 2B OUT", """
E6       I,b AL
o16 E7   I,b AX
o32 E7   I,b EAX
o64 E7   I,b EAX
EE       DX AL
o16 EF   DX AX
o32 EF   DX EAX
o64 EF   DX EAX
""")  # fmt: skip
privileged("ins", "SDM 2A INS", """
6C   Y,b DX   rep as=insb
6D   Y,z DX   rep as=insw/insd/insd
""")  # fmt: skip
privileged("outs", "SDM 2B OUTS", """
6E   DX X,b   rep as=outsb
6F   DX X,z   rep as=outsw/outsd/outsd
""")  # fmt: skip
# -- tables, control and debug registers ---------------------------------------------------------
privileged("lldt", "SDM 2A LLDT", "0F 00 /2   E,w")
privileged("ltr", "SDM 2A LTR", "0F 00 /3   E,w")
privileged("lgdt", "SDM 2A LGDT/LIDT", "0F 01 /2   M,n")
privileged("lidt", "SDM 2A LGDT/LIDT", "0F 01 /3   M,n")
privileged("lmsw", "SDM 2A LMSW", "0F 01 /6   E,w")
privileged("invlpg", "SDM 2A INVLPG", "0F 01 /7   M,n")
privileged("swapgs", "SDM 2B SWAPGS", "0F 01 !F8")
privileged("invpcid", "SDM 2A INVPCID", "66 0F 38 82 /r   G,q M,dq")
privileged("mov", "SDM 2B MOV", """
0F 20 /r   R,q C   mod=ignored
0F 21 /r   R,q D   mod=ignored
0F 22 /r   C R,q   mod=ignored
0F 23 /r   D R,q   mod=ignored
""")  # fmt: skip
privileged("clts", "SDM 2A CLTS", "0F 06")
privileged("invd", "SDM 2A INVD", "0F 08")
privileged("wbinvd", "SDM 2D WBINVD", "0F 09")
privileged("wbnoinvd", "SDM 2D WBNOINVD", "F3 0F 09")
privileged("sysret", "SDM 2B SYSRET", "0F 07", "as=sysret/sysret/sysretq")
privileged("sysexit", "SDM 2B SYSEXIT", "0F 35", "as=sysexit/sysexit/sysexitq")
privileged("wrmsr", "SDM 2D WRMSR", "0F 30")
privileged("rdmsr", "SDM 2B RDMSR", "0F 32")
privileged("rdpmc", "SDM 2B RDPMC", "0F 33")
privileged("xsetbv", "SDM 2D XSETBV", "NP 0F 01 !D1")
# -- refused at level 3, or by processors without the feature --------------------------------------
unavailable("sysenter", "SDM 2B SYSENTER", "0F 34")
unavailable("getsec", "SDM 2D GETSEC", "NP 0F 37", "as=getsec/getsec/getsecq")
unavailable("rsm", "SDM 2B RSM", "0F AA")
unavailable("clac", "SDM 2A CLAC", "NP 0F 01 !CA", "cpuid=smap")
unavailable("stac", "SDM 2B STAC", "NP 0F 01 !CB", "cpuid=smap")
unavailable("monitor", "SDM 2B MONITOR", "NP 0F 01 !C8", "cpuid=monitor")
unavailable("mwait", "SDM 2B MWAIT", "NP 0F 01 !C9", "cpuid=monitor")
unavailable("monitorx", "APM 3 MONITORX", "NP 0F 01 !FA", "cpuid=monitorx")
unavailable("mwaitx", "APM 3 MWAITX", "NP 0F 01 !FB", "cpuid=monitorx")
unavailable(
    "umonitor", "SDM 2D UMONITOR", "a64 F3 0F AE /6   R,q\na32 F3 0F AE /6   R,d", "cpuid=waitpkg"
)
unavailable("umwait", "SDM 2D UMWAIT", "F2 0F AE /6   R,y", "cpuid=waitpkg")
unavailable("tpause", "SDM 2D TPAUSE", "66 0F AE /6   R,y", "cpuid=waitpkg")
unavailable("ptwrite", "SDM 2B PTWRITE", "F3 0F AE /4   E,y", "cpuid=ptwrite")
unavailable("serialize", "SDM 2B SERIALIZE", "NP 0F 01 !E8", "cpuid=serialize")
unavailable("xsusldtrk", "SDM 2D XSUSLDTRK", "F2 0F 01 !E8", "cpuid=tsxldtrk")
unavailable("xresldtrk", "SDM 2D XRESLDTRK", "F2 0F 01 !E9", "cpuid=tsxldtrk")
unavailable("rdpkru", "SDM 2B RDPKRU", "NP 0F 01 !EE", "cpuid=pku")
unavailable("wrpkru", "SDM 2D WRPKRU", "NP 0F 01 !EF", "cpuid=pku")
unavailable("clzero", "APM 3 CLZERO", "0F 01 !FC", "cpuid=clzero")
unavailable("rdpru", "APM 3 RDPRU", "NP 0F 01 !FD", "cpuid=rdpru")
unavailable("pconfig", "SDM 2B PCONFIG", "NP 0F 01 !C5", "cpuid=pconfig")
unavailable("enqcmd", "SDM 2A ENQCMD", """
a64 F2 0F 38 F8 /r   G,q M,n
a32 F2 0F 38 F8 /r   G,d M,n
""", "cpuid=enqcmd")  # fmt: skip
unavailable("enqcmds", "SDM 2A ENQCMDS", """
a64 F3 0F 38 F8 /r   G,q M,n
a32 F3 0F 38 F8 /r   G,d M,n
""", "cpuid=enqcmd")  # fmt: skip
unavailable("movdir64b", "SDM 2B MOVDIR64B", """
a64 66 0F 38 F8 /r   G,q M,n
a32 66 0F 38 F8 /r   G,d M,n
""", "cpuid=movdir64b")  # fmt: skip
unavailable("movdiri", "SDM 2B MOVDIRI", "NP 0F 38 F9 /r   M,y G,y", "cpuid=movdiri")
unavailable("rdrand", "SDM 2B RDRAND", "NFx 0F C7 /6   R,v", "cpuid=rdrand")
unavailable("rdseed", "SDM 2B RDSEED", "NFx 0F C7 /7   R,v", "cpuid=rdseed")
unavailable("hreset", "SDM 2A HRESET", "F3 0F 3A F0 !C0   I,b", "cpuid=hreset")
# -- transactions ----------------------------------------------------------------------------------
unavailable("xabort", "SDM 2D XABORT", "C6 !F8   I,b", "cpuid=rtm")
unavailable("xbegin", "SDM 2D XBEGIN", "C7 !F8   J,z", "cpuid=rtm")
unavailable("xend", "SDM 2D XEND", "NP 0F 01 !D5", "cpuid=rtm")
unavailable("xtest", "SDM 2D XTEST", "NP 0F 01 !D6", "cpuid=rtm")
# -- shadow stacks ---------------------------------------------------------------------------------
unavailable(
    "incssp", "SDM 2A INCSSP", "F3 0F AE /5   R,y", "cpuid=shstk as=incsspd/incsspd/incsspq"
)
unavailable("rstorssp", "SDM 2B RSTORSSP", "F3 0F 01 /5   M,q", "cpuid=shstk")
unavailable("saveprevssp", "SDM 2B SAVEPREVSSP", "F3 0F 01 !EA", "cpuid=shstk")
unavailable("setssbsy", "SDM 2B SETSSBSY", "F3 0F 01 !E8", "cpuid=shstk")
unavailable("clrssbsy", "SDM 2A CLRSSBSY", "F3 0F AE /6   M,q", "cpuid=shstk")
unavailable("wrss", "SDM 2D WRSS", "NP 0F 38 F6 /r   M,y G,y", "cpuid=shstk as=wrssd/wrssd/wrssq")
unavailable(
    "wruss", "SDM 2D WRUSS", "66 0F 38 F5 /r   M,y G,y", "cpuid=shstk as=wrussd/wrussd/wrussq"
)
# -- user interrupts -------------------------------------------------------------------------------
unavailable("uiret", "SDM 2D UIRET", "F3 0F 01 !EC", "cpuid=uintr")
unavailable("testui", "SDM 2D TESTUI", "F3 0F 01 !ED", "cpuid=uintr")
unavailable("clui", "SDM 2A CLUI", "F3 0F 01 !EE", "cpuid=uintr")
unavailable("stui", "SDM 2D STUI", "F3 0F 01 !EF", "cpuid=uintr")
unavailable("senduipi", "SDM 2D SENDUIPI", "F3 0F C7 /6   R,q", "cpuid=uintr")
# -- enclaves and virtual machines -----------------------------------------------------------------
unavailable("encls", "SDM 2D ENCLS", "NP 0F 01 !CF", "cpuid=sgx")
unavailable("enclu", "SDM 2D ENCLU", "NP 0F 01 !D7", "cpuid=sgx")
unavailable("enclv", "SDM 2D ENCLV", "NP 0F 01 !C0", "cpuid=oss")
unavailable("vmcall", "SDM 3D VMCALL", "NP 0F 01 !C1", "cpuid=vmx")
unavailable("vmlaunch", "SDM 3D VMLAUNCH", "NP 0F 01 !C2", "cpuid=vmx")
unavailable("vmresume", "SDM 3D VMRESUME", "NP 0F 01 !C3", "cpuid=vmx")
unavailable("vmxoff", "SDM 3D VMXOFF", "NP 0F 01 !C4", "cpuid=vmx")
unavailable("vmfunc", "SDM 3D VMFUNC", "NP 0F 01 !D4", "cpuid=vmx")
unavailable("vmread", "SDM 3D VMREAD", "NP 0F 78 /r   E,q G,q", "cpuid=vmx")
unavailable("vmwrite", "SDM 3D VMWRITE", "NP 0F 79 /r   G,q E,q", "cpuid=vmx")
unavailable("vmptrld", "SDM 3D VMPTRLD", "NP 0F C7 /6   M,q", "cpuid=vmx")
unavailable("vmptrst", "SDM 3D VMPTRST", "NP 0F C7 /7   M,q", "cpuid=vmx")
unavailable("vmclear", "SDM 3D VMCLEAR", "66 0F C7 /6   M,q", "cpuid=vmx")
unavailable("vmxon", "SDM 3D VMXON", "F3 0F C7 /6   M,q", "cpuid=vmx")
unavailable("invept", "SDM 3D INVEPT", "66 0F 38 80 /r   G,q M,dq", "cpuid=vmx")
unavailable("invvpid", "SDM 3D INVVPID", "66 0F 38 81 /r   G,q M,dq", "cpuid=vmx")
unavailable("vmrun", "APM 3 VMRUN", "0F 01 !D8", "cpuid=svm")
unavailable("vmmcall", "APM 3 VMMCALL", "0F 01 !D9", "cpuid=svm")
unavailable("vmload", "APM 3 VMLOAD", "0F 01 !DA", "cpuid=svm")
unavailable("vmsave", "APM 3 VMSAVE", "0F 01 !DB", "cpuid=svm")
unavailable("stgi", "APM 3 STGI", "0F 01 !DC", "cpuid=svm")
unavailable("clgi", "APM 3 CLGI", "0F 01 !DD", "cpuid=svm")
unavailable("skinit", "APM 3 SKINIT", "0F 01 !DE", "cpuid=svm")
unavailable("invlpga", "APM 3 INVLPGA", "0F 01 !DF", "cpuid=svm")
unavailable("psmash", "APM 3 PSMASH", "F3 0F 01 !FF", "cpuid=snp")
unavailable("rmpadjust", "APM 3 RMPADJUST", "F3 0F 01 !FE", "cpuid=snp")
unavailable("pvalidate", "APM 3 PVALIDATE", "F2 0F 01 !FF", "cpuid=snp")
unavailable("rmpupdate", "APM 3 RMPUPDATE", "F2 0F 01 !FE", "cpuid=snp")
unavailable("invlpgb", "APM 3 INVLPGB", "NP 0F 01 !FE", "cpuid=invlpgb")
unavailable("tlbsync", "APM 3 TLBSYNC", "NP 0F 01 !FF", "cpuid=invlpgb")
