/* long double: x87 loads, stores, arithmetic, integers and remainders. */
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <float.h>
int main(void){
  double d[]={0.0,-0.0,1.0,3.14159265358979,1e300,5e-324,0.1,123456789.125,-2.5,1.0/3,INFINITY,-NAN};
  for(int i=0;i<12;i++) printf("%5.2f|%g|%.17g|%e|%a\n",d[i],d[i],d[i],d[i],d[i]);
  long double l[]={1.0L,3.14159265358979323846L,LDBL_MAX,LDBL_MIN,0.1L,-123456789012345678.5L};
  for(int i=0;i<6;i++) printf("%Lf|%Lg|%.21Lg|%La\n",l[i]>1e100L?1e10L:l[i],l[i],l[i],l[i]);
  long double s=0; for(int i=1;i<1000;i++) s+=1.0L/i; printf("%.20Lg %Lg %lld\n",s,sqrtl(s),(long long)(s*1000));
  printf("%.20Lg %.20Lg %ld %Lg\n",floorl(-2.5L),fmodl(1e18L,7.3L),lrintl(2.5L),ldexpl(s,100));
  printf("%.20Lg %g %g\n",strtold("2.718281828459045235360287",0),atof("1e-310"),strtod("0x1.8p3",0));
}
