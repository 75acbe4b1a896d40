# busybox awk -v n=N -f words.awk: function calls, arrays, strings, sprintf, split, gsub
function fib(k) { return k < 2 ? k : fib(k-1) + fib(k-2) }
BEGIN {
  for (r = 1; r <= n; r++) {
    acc += fib(15)
    for (i = 0; i < 2000; i++) { k = "k" ((i*7919 + r) % 509); h[k] += i }
    for (k in h) { s = s k; if (length(s) > 200) s = ""; acc += h[k] % 97 }
    t = ""; for (i = 0; i < 200; i++) t = t sprintf("%d,", (i*i + r) % 1000)
    m = split(t, a, ","); for (i = 1; i < m; i++) { gsub(/1/, "x", a[i]); acc += length(a[i]) }
    delete h
  }
  printf "awk %d %d\n", n, acc
}
