"""The x87 floating-point unit (SDM vol. 2D, table A-7 and after): names and lengths.

The meanings are in `x87_*.py`; the transcendental instructions have none yet.
"""

from __future__ import annotations

from elfin.isa.row import each

X87 = "cpuid=x87"
ARITHMETIC = "fadd 0, fmul 1, fcom 2, fcomp 3, fsub 4, fsubr 5, fdiv 6, fdivr 7"

each(ARITHMETIC, "D8 /{0}   M,d\nDC /{0}   M,q\nD8 /{0}   ST0 STi   mod=3", X87)
each(
    "fiadd 0, fimul 1, ficom 2, ficomp 3, fisub 4, fisubr 5, fidiv 6, fidivr 7",
    "DA /{0}   M,d\nDE /{0}   M,w",
    X87,
)
# Into ST(i): SUB and SUBR, DIV and DIVR change places.
each("fadd 0, fmul 1, fsubr 4, fsub 5, fdivr 6, fdiv 7", "DC /{0}   STi ST0   mod=3", X87)
each("faddp 0, fmulp 1, fsubrp 4, fsubp 5, fdivrp 6, fdivp 7", "DE /{0}   STi ST0   mod=3", X87)
# Other names of FCOM, FCOMP, FXCH and FSTP, which the manual leaves out and processors have.
each("fcom 2, fcomp 3", "DC /{0}   ST0 STi   mod=3", X87)
each("fcomp 2", "DE /{0}   ST0 STi   mod=3", X87)
each("fxch 1", "D9 /1   ST0 STi   mod=3\nDD /1   ST0 STi   mod=3\nDF /1   ST0 STi   mod=3", X87)
each("fstp 3", "DF /2   STi   mod=3\nDF /3   STi   mod=3", X87)
each("fstpnce 3", "D9 /3   STi   mod=3", X87)

each("fld 0, fst 2, fstp 3", "D9 /{0}   M,d\nDD /{0}   M,q", X87)
each("fld 0", "D9 /0   STi   mod=3\nDB /5   M,t", X87)
each("fst 2, fstp 3", "DD /{0}   STi   mod=3", X87)
each("fstp 7", "DB /7   M,t", X87)
each("fild 0, fisttp 1, fist 2, fistp 3", "DB /{0}   M,d\nDF /{0}   M,w", X87)
each("fild DF 5, fistp DF 7, fisttp DD 1", "{0} /{1}   M,q", X87)
each("fbld 4, fbstp 6", "DF /{0}   M,t", X87)

# The image in memory has words of the operand size; 64 is as 32.
each("fldenv 4 fldenv, fnstenv 6 fnstenv", "D9 /{0}   M,n   as={1}/{1}/{1}", X87)
each("fldcw 5, fnstcw 7", "D9 /{0}   M,w", X87)
each("frstor 4 frstor, fnsave 6 fnsave", "DD /{0}   M,n   as={1}/{1}/{1}", X87)
each("fnstsw 7", "DD /{0}   M,w\nDF !E0   AX", X87)
each("ffree DD 0, ffreep DF 0", "{0} /{1}   STi   mod=3", X87)
each("fcmovb 0, fcmove 1, fcmovbe 2, fcmovu 3", "DA /{0}   ST0 STi   mod=3", X87)
each("fcmovnb 0, fcmovne 1, fcmovnbe 2, fcmovnu 3", "DB /{0}   ST0 STi   mod=3", X87)
each(
    "fucomi DB 5, fcomi DB 6, fucomip DF 5, fcomip DF 6, fucom DD 4, fucomp DD 5",
    "{0} /{1}   ST0 STi   mod=3",
    X87,
)
each(
    """fnop D9 D0, fchs D9 E0, fabs D9 E1, ftst D9 E4, fxam D9 E5, fld1 D9 E8, fldl2t D9 E9,
    fldl2e D9 EA, fldpi D9 EB, fldlg2 D9 EC, fldln2 D9 ED, fldz D9 EE, f2xm1 D9 F0, fyl2x D9 F1,
    fptan D9 F2, fpatan D9 F3, fxtract D9 F4, fprem1 D9 F5, fdecstp D9 F6, fincstp D9 F7, fprem D9 F8,
    fyl2xp1 D9 F9, fsqrt D9 FA, fsincos D9 FB, frndint D9 FC, fscale D9 FD, fsin D9 FE, fcos D9 FF,
    fucompp DA E9, fneni DB E0, fndisi DB E1, fnclex DB E2, fninit DB E3, fnsetpm DB E4, fcompp DE D9""",
    "{0} !{1}",
    X87,
)
each("wait 9B", "{0}", X87)
