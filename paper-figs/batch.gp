# SPDX-License-Identifier: MIT
# batch.gp - p99 and average batch against achieved load, a curve a bound B
height = 820
load figs.'/common.gp'
Bs = '1 2 8 16 64'
colour(i) = word(red.' '.orange.' '.green.' '.sky.' '.blue, i)
shape(i) = word('7 5 9 11 13', i) + 0
# Load of the rows of one B, up to the first past the service level: beyond it the open loop
# queues without end, and what is achieved then says nothing.
done = 0
load_of(b) = column('server.dp.batch_max') != b || done == b ? NaN : \
	(done = column('latency_p99_us') > 500 ? b : 0, column('requests_per_s') / 1e6)
set lmargin at screen 0.095
set rmargin at screen 0.965
set xrange [0:1.6]
set xtics 0.2
set label 9002 at screen 0.025,0.082
set multiplot
set bmargin at screen 0.555
set tmargin at screen 0.925
set yrange [0:200]
set ytics 50
set format x ''
set ylabel 'p99 latency (us)' offset 1.3,0
set key at graph 0.015,0.97 left top Left reverse samplen 2 spacing 1.15 \
	font ',12' textcolor variable
plot for [i=1:5] csv using (load_of(word(Bs,i)+0)):(column('latency_p99_us')) \
	with linespoints lw 2 pt shape(i) ps 0.7*mark lc rgb colour(i) title 'B = '.word(Bs,i)
unset key
done = 0
unset label 9001
unset label 9002
set format x '%.1f'
set bmargin at screen 0.175
set tmargin at screen 0.515
set yrange [0.9:80]
set logscale y 2
set ytics (1, 2, 4, 8, 16, 32, 64)
set ylabel 'average batch (frames)' offset 1.3,0
set xlabel 'achieved load (M requests/s)' offset 0,0.3
plot for [i=1:5] csv using (load_of(word(Bs,i)+0)):(column('server_batch_mean')) \
	with linespoints lw 2 pt shape(i) ps 0.7*mark lc rgb colour(i)
unset multiplot
