# SPDX-License-Identifier: MIT
# common.gp - what every figure shares: terminals, palette, layout, caption
#
# `ix figure` sets: name ext figs csv curves out title caption caption_lines n_failed quick.
# A script may set before loading this: plot_px (height of the panels), key_rows, axis_px; or
# height, of a page whose panels it places itself.
#
# A system has a colour (Okabe and Ito's, distinct for colour-blind readers), a curve a mark
# and dashes, so that it is told apart without colour. Lines with filled marks are simulated,
# hollow marks without a line published.
if (!exists("plot_px")) plot_px = 430
if (!exists("key_rows")) key_rows = 2
if (!exists("axis_px")) axis_px = 66
if (!exists("quick")) quick = 0
top_px = 50 + 21 * key_rows
caption_px = caption_lines ? 12 + 14.5 * caption_lines : 8
if (!exists("height")) height = top_px + plot_px + axis_px + caption_px
# Of a point so many pixels below the top.
Y(px) = 1 - px * 1.0 / height
font = 'DejaVu Sans,Helvetica,Arial,sans-serif'
if (ext eq 'svg') set terminal svg size 900,height enhanced font font.',14' \
	background '#ffffff' name name
if (ext eq 'pdf') set terminal pdfcairo size 9in,(height/100.0)*1in enhanced \
	font 'DejaVu Sans,14' fontscale 0.72 background '#ffffff'
if (ext eq 'png') set terminal pngcairo size 1800,2*height enhanced \
	font 'DejaVu Sans,14' fontscale 2 linewidth 2 pointscale 2 background '#ffffff'
set output out
set encoding utf8
set datafile separator ','
set datafile missing ''

black  = '#000000'
orange = '#e69f00'
sky    = '#56b4e9'
green  = '#009e73'
yellow = '#f0e442'
blue   = '#0072b2'
red    = '#d55e00'
purple = '#cc79a7'
grey   = '#8a8a8a'
light  = '#d9d9d9'

# Marks of these terminals are larger.
mark = ext eq 'svg' ? 0.62 : ext eq 'pdf' ? 0.7 : 1

# Dashes of a curve by number, 1 solid. Six that differ in grey where curves lie on one another.
set dashtype 2 (14,7)
set dashtype 3 (4,6)
set dashtype 4 (16,6,4,6)
set dashtype 5 (30,8)
set dashtype 6 (16,6,4,6,4,6)
# The systems of the paper: 1 to 5 simulated, 11 to 15 published.
array system[5] = ['IX 4x10GbE', 'IX 10GbE', 'mTCP 10GbE', 'Linux 4x10GbE', 'Linux 10GbE']
set style line 1 lc rgb blue lw 2.2 dt 1 pt 7 ps 0.75*mark
set style line 2 lc rgb blue lw 2.2 dt 2 pt 5 ps 0.75*mark
set style line 3 lc rgb green lw 2.2 dt 1 pt 13 ps 0.9*mark
set style line 4 lc rgb red lw 2.2 dt 1 pt 9 ps 0.85*mark
set style line 5 lc rgb red lw 2.2 dt 2 pt 11 ps 0.85*mark
set style line 11 lc rgb blue lw 1.5 pt 6 ps 1.45*mark
set style line 12 lc rgb blue lw 1.5 pt 4 ps 1.4*mark
set style line 13 lc rgb green lw 1.5 pt 12 ps 1.6*mark
set style line 14 lc rgb red lw 1.5 pt 8 ps 1.5*mark
set style line 15 lc rgb red lw 1.5 pt 10 ps 1.5*mark
# What a curve of another kind is drawn as: by number, 1 to 6.
tint(i)  = word(blue.' '.red.' '.green.' '.orange.' '.sky.' '.purple, i)
shape(i) = int(word('7 9 13 5 11 15', i))
# Marks of curves that may coincide, the first drawn first: each fits into the one before it.
nested(i) = int(word('6 4 12 7', i))
nested_ps(i) = real(word('2.6 1.7 1.6 0.5', i)) * mark

set style line 10 lc rgb light lw 1
set style line 20 lc rgb black lw 1.5 pt 6 ps 1.3*mark
set border 3 lc rgb '#444444' lw 1.2
set format '%g'
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid ytics ls 10
set style fill transparent solid 0.18 noborder
# Title and caption sit outside the axes, left-aligned with the page; the key is between the
# title and the panels, so that it hides nothing.
set label 9001 title.(quick ? ' (preview)' : '') at screen 0.025,Y(26) left font ',17' \
	tc rgb black noenhanced
set label 9002 caption at screen 0.025,Y(top_px + plot_px + axis_px + 12) left font ',9.5' \
	tc rgb '#555555' noenhanced
if (n_failed) set label 9003 sprintf('× failed: %d, see %s.md', n_failed, name) \
	at screen 0.975,Y(50) right font ',11' tc rgb red noenhanced
set key at screen 0.095,Y(44) left top Left reverse horizontal samplen 3.4 spacing 1.2 \
	font ',12' maxrows key_rows
set lmargin at screen 0.1
set rmargin at screen 0.96
set tmargin at screen Y(top_px)
set bmargin at screen Y(top_px + plot_px)

# A command: the label of the y axis of a panel between two heights.
ylabel(text, top, bottom) = sprintf("set label 9010 '%s' at screen 0.019,%f center rotate", \
	text, (Y(top) + Y(bottom)) / 2)

# More of a using: the ends of the 95 % interval of a 99th percentile.
p99_band = "(column('latency_p99_lo_us')):(column('latency_p99_hi_us'))"

# Rows of a series, and the points of a published one.
is(s) = strcol('series') eq s
published(f, s) = "< awk -F, '$1==\"".f."\" && $2==\"".s."\"' '".curves."'"
# More of a plot command: crosses at y for points that failed, x as an expression. Their rows
# have what was varied and no metrics, which start with @metric.
failed_rows(metric) = "< awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == \"".metric.\
	"\") c = i } NR == 1 || $c == \"\" { s = $1; for (j = 2; j < c; j++) s = s FS $j; ".\
	"print s }' '".csv."'"
failed(x, y, metric) = n_failed ? ", failed_rows('".metric."') using (".x."):(".y.") ".\
	"with points pt 2 ps 1.1*mark lw 2 lc rgb black title 'failed'" : ''
