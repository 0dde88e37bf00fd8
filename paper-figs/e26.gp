# SPDX-License-Identifier: MIT
# e26.gp - connections and batch against cores, for several refill thresholds, with batches (solid)
# and without
plot_px = 640
key_rows = 1
axis_px = 88
load figs.'/common.gp'
split = top_px + 400
array R[4] = ['1', '8', '32', '64']
# Curves coincide, so marks nest.
tone(i) = tint(int(word('2 4 1 3', i)))
array B[2] = ['B = 64', 'B = 1']
of(b, r) = strcol('series') eq b && column('server.nic.rx_refill') == r + 0
set xrange [0.5:8.5]
x = "column('server.threads')/2."
y(v) = column(v) / 1e6
set multiplot
set bmargin at screen Y(split)
set yrange [0:4.5]
set ytics 1
set xtics 1
set format x ''
eval ylabel('connections (M/s)', top_px, split)
set label 1 B[1] at 6.5,3.55 right font ',12' tc rgb black
set label 2 B[2].' (dashed)' at 6.5,1.15 right font ',12' tc rgb black
set label 3 'marks in one another: curves that coincide' at graph 0.03,0.94 left font ',12' \
	tc rgb '#444444'
crosses = failed(x, '0.03', 'requests_per_s')
plot for [b=1:2] for [i=1:4] csv using (of(B[b], R[i]) ? @x : NaN): \
		(y('requests_per_s') - y('requests_per_s_ci95')): \
		(y('requests_per_s') + y('requests_per_s_ci95')) \
	with filledcurves lc rgb tone(i) notitle, \
     for [b=1:2] for [i=1:4] csv using (of(B[b], R[i]) ? @x : NaN):(y('requests_per_s')) \
	with linespoints lw 2 dt b pt nested(i) ps nested_ps(i) lc rgb tone(i) \
	title (b == 1 ? 'refill '.R[i] : '') @crosses
unset label 1
unset label 2
unset label 3
unset label 9001
unset label 9002
unset label 9003
unset key
set format x '%g'
set tmargin at screen Y(split + 26)
set bmargin at screen Y(top_px + plot_px)
set yrange [0:*]
set ytics autofreq
tics = ''
do for [c=1:8] { tics = tics.sprintf("%s'%d\n%d' %d", c > 1 ? ', ' : '', c, 2*c, c) }
eval 'set xtics ('.tics.')'
eval ylabel('batch (frames), B = 64', split + 26, top_px + plot_px)
set xlabel 'server cores (upper line), hyperthreads (lower line)' offset 0,-0.4
plot for [i=1:4] csv using (of(B[1], R[i]) ? @x : NaN):(column('server_batch_mean')) \
	with linespoints lw 2 pt nested(i) ps nested_ps(i) lc rgb tone(i)
unset multiplot
