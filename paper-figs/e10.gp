# SPDX-License-Identifier: MIT
# e10.gp - p99 and batch against load: adaptive bounds beside waiting for a full batch
plot_px = 660
load figs.'/common.gp'
set lmargin at screen 0.105
split = top_px + 410
array B[3] = ['1', '16', '64']
array T[3] = ['10', '50', '100']
# 16 and 64 lie on one another: 16 is solid, and its rings are round the marks of 64.
array kind[3] = [7, 6, 13]
array dash[3] = [3, 1, 2]
array size[3] = [0.8, 2.2, 0.9]
tone(i) = tint(int(word('5 3 1', i)))
array waiting[3] = [4, 5, 6]
adaptive(b) = is('adaptive') && column('server.dp.batch_max') == b + 0
wait(t) = is('wait') && column('server.exec.batch_timeout_ns') == t * 1e3
set xrange [0:1800]
set xtics 200
x = "column('workload.rate_per_s')/1e3"
set multiplot
set bmargin at screen Y(split)
set yrange [20:1000]
set logscale y
set ytics (20, 50, 100, 200, 500, 1000)
set format x ''
eval ylabel('p99 latency (us)', top_px, split)
crosses = failed(x, '21', 'requests_per_s')
plot for [i=1:3] csv using (adaptive(B[i]) ? @x : NaN):@p99_band \
	with filledcurves lc rgb tone(i) notitle, \
     for [i=1:3] csv using (wait(T[i]) ? @x : NaN):@p99_band \
	with filledcurves lc rgb tint(int(word('4 2 6', i))) notitle, \
     for [i=1:3] csv using (adaptive(B[i]) ? @x : NaN):(column('latency_p99_us')) \
	with linespoints lw 2 dt dash[i] pt kind[i] ps size[i]*mark lc rgb tone(i) \
	title 'adaptive, B = '.B[i], \
     for [i=1:3] csv using (wait(T[i]) ? @x : NaN):(column('latency_p99_us')) \
	with linespoints lw 2 dt waiting[i] pt int(word('4 8 10', i)) ps 1.2*mark \
	lc rgb tint(int(word('4 2 6', i))) title 'wait '.T[i].' us' @crosses
unset label 9001
unset label 9002
unset label 9003
unset key
set format x '%g'
set tmargin at screen Y(split + 26)
set bmargin at screen Y(top_px + plot_px)
set yrange [0.9:80]
set logscale y 2
set ytics (1, 2, 4, 8, 16, 32, 64)
eval ylabel('batch (frames)', split + 26, top_px + plot_px)
set xlabel 'offered load (K requests/s)' offset 0,0.3
plot for [i=1:3] csv using (adaptive(B[i]) ? @x : NaN):(column('server_batch_mean')) \
	with linespoints lw 2 dt dash[i] pt kind[i] ps size[i]*mark lc rgb tone(i), \
     for [i=1:3] csv using (wait(T[i]) ? @x : NaN):(column('server_batch_mean')) \
	with linespoints lw 2 dt waiting[i] pt int(word('4 8 10', i)) ps 1.2*mark \
	lc rgb tint(int(word('4 2 6', i)))
unset multiplot
