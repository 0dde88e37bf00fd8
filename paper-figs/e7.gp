# SPDX-License-Identifier: MIT
# e7.gp - rate and round trip against the price of a crossing
plot_px = 600
key_rows = 1
load figs.'/common.gp'
split = top_px + 340
array B[3] = ['1', '16', '64']
# The round trips are equal: marks that nest, dashes on the solid line of B = 1.
tone(i) = tint(int(word('2 4 1', i)))
array dash[3] = [1, 2, 3]
of(s, b) = is(s) && column('server.dp.batch_max') == b + 0
# "crossings 125 ns" as cycles of 2.4 GHz
cycles(t) = 2.4 * real(t[strstrt(t, ' ')+1:])
x = "cycles(strcol('server.prices'))"
y(v) = column(v) / 1e6
set xrange [-30:1040]
set multiplot
set bmargin at screen Y(split)
set yrange [0:*]
set format x ''
eval ylabel('messages (M/s)', top_px, split)
crosses = failed(x, '0', 'requests_per_s')
plot for [i=1:3] csv using (of('rate', B[i]) ? @x : NaN): \
		(y('requests_per_s') - y('requests_per_s_ci95')): \
		(y('requests_per_s') + y('requests_per_s_ci95')) \
	with filledcurves lc rgb tone(i) notitle, \
     for [i=1:3] csv using (of('rate', B[i]) ? @x : NaN):(y('requests_per_s')) \
	with linespoints lw 2 dt dash[i] pt nested(i) ps nested_ps(i) lc rgb tone(i) \
	title 'B = '.B[i] @crosses
unset label 9001
unset label 9002
unset label 9003
unset key
set format x '%g'
set tmargin at screen Y(split + 26)
set bmargin at screen Y(top_px + plot_px)
set yrange [*:*]
set offsets 0, 0, 0.05, 0.05
eval ylabel('round trip (us)', split + 26, top_px + plot_px)
set label 1 'marks in one another: curves that coincide; the axis does not begin at 0' at \
	graph 0.03,0.9 left font ',12' \
	tc rgb '#444444'
set xlabel 'price of a crossing, there and back (cycles)' offset 0,0.3
plot for [i=1:3] csv using (of('latency', B[i]) ? @x : NaN):(column('latency_mean_us')) \
	with linespoints lw 2 dt dash[i] pt nested(i) ps nested_ps(i) lc rgb tone(i)
unset multiplot
