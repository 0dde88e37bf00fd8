# SPDX-License-Identifier: MIT
# fig3c.gp - goodput against message size, one message a connection
load figs.'/common.gp'
set logscale x 2
set xrange [56:9400]
set logscale y
set yrange [0.05:60]
set ytics (0.1, 1, 10, 40)
set xtics ('64 B' 64, '256 B' 256, '1 KiB' 1024, '4 KiB' 4096, '8 KiB' 8192)
set xlabel 'message size' offset 0,0.3
eval ylabel('goodput (Gb/s)', top_px, top_px+plot_px)
# From 1 KiB on mTCP and IX's one port coincide, Linux's two lines before: the solid line is first
# and has larger marks; those on it have a white rim.
array size[5] = [0.75, 0.7, 2.6, 2.4, 0.8]
at(s) = is(s) ? column('workload.size_bytes') : NaN
crosses = failed("column('workload.size_bytes')", '0.055', 'requests_per_s')
gbps(v) = 8e-9 * column('workload.size_bytes') * (v)
low  = "gbps(column('requests_per_s') - column('requests_per_s_ci95'))"
high = "gbps(column('requests_per_s') + column('requests_per_s_ci95'))"
plot for [i=1:5] csv using (at(system[i])):(@low):(@high) \
	with filledcurves lc rgb (i < 3 ? blue : i > 3 ? red : green) notitle, \
     for [i in '3 1 2 4 5'] csv using (at(system[int(i)])): \
		(column('goodput_gbps')) with linespoints ls int(i) ps size[int(i)]*mark notitle, \
     for [i in '2 5'] csv using (at(system[int(i)])): \
		(column('goodput_gbps')) with points ls int(i) ps 1.05*mark lc rgb 'white' \
		notitle, \
     for [i in '2 5'] csv using (at(system[int(i)])): \
		(column('goodput_gbps')) with points ls int(i) ps size[int(i)]*mark notitle, \
     for [i=1:5] NaN with linespoints ls i ps size[i]*mark title system[i], \
     for [i=1:5] published('fig3c', system[i]) using 3:5 with points ls 10+i notitle, \
     NaN with points ls 20 title 'published' @crosses
