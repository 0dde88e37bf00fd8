/* SPDX-License-Identifier: MIT */
/*
 * kv_dist.c - sizes of keys and values by inversion of a hash, mixes, gaps
 *
 * A record's number is hashed into two quantiles, of its key length and of its value length.
 * What is inverted are tables of the whole lengths, made once from the published parameters.
 */
#include "workloads/kv_dist.h"

const char *const kv_preset_names[] = { "etc", "etc-osdi", "usr", "usr-osdi", NULL };

enum { USR_KEY = 19, USR_VALUE = 2, ONE_BITS = 31, TAIL_ONE = 256 };

static const double ONE = 2147483648.0;		/* 2^ONE_BITS: probability 1 */

/* Key length: generalised extreme value. */
static const double KEY_LOCATION = 30.7984, KEY_SCALE = 8.20449, KEY_SHAPE = 0.078688;

/* Value length: these for 0 to 14 B, else 15 B and a generalised Pareto. */
static const double SMALL_P[KV_SMALL] = {
	.00536, .00047, .17820, .09239, .00018, .02740, .00065, .00606,
	.00023, .00837, .00837, .08989, .00092, .00326, .01980,
};
static const double TAIL_SCALE = 214.476, TAIL_SHAPE = 0.348238;

/* P(length of a key, rounded, <= @len), times ONE. */
static uint32_t key_cdf(uint32_t len)
{
	double t;

	if (len == KV_KEY_MAX)
		return 1u << ONE_BITS;
	t = 1 + KEY_SHAPE * (len + 0.5 - KEY_LOCATION) / KEY_SCALE;
	t = dist_pow(t, -1 / KEY_SHAPE);
	return t > 700 ? 0 : (uint32_t)(ONE * dist_exp(-t));
}

/* Length of a value, in 1/TAIL_ONE B, that @p (in 1 / ONE) of all exceed. */
static int32_t tail_at(double p, double p_tail)
{
	double len;

	len = KV_SMALL + TAIL_SCALE / TAIL_SHAPE * (dist_pow(p / p_tail, -TAIL_SHAPE) - 1);
	return (int32_t)(TAIL_ONE * MIN(len, (double)KV_VALUE_MAX));
}

/* For every slice of the unit interval, the first i with a quantile of that slice. */
static void guide_fill(uint8_t guide[KV_GUIDE], const uint32_t *cdf, uint32_t n)
{
	uint32_t i = 0;

	for (uint32_t slice = 0; slice < KV_GUIDE; slice++) {
		while (i < n && cdf[i] <= slice << (ONE_BITS - 8))
			i++;
		guide[slice] = (uint8_t)i;
	}
}

static void etc_init(struct kv_dist *d)
{
	double sum = 0;

	for (uint32_t i = 0; i <= KV_KEY_MAX; i++)
		d->key_cdf[i] = i < d->digits ? 0 : key_cdf(i);
	guide_fill(d->key_guide, d->key_cdf, ARRAY_LEN(d->key_cdf));
	for (uint32_t i = 0; i < KV_SMALL; i++) {
		sum += SMALL_P[i];
		d->small_cdf[i] = (uint32_t)(ONE * sum);
	}
	guide_fill(d->small_guide, d->small_cdf, KV_SMALL);
	for (uint32_t i = 0; i < ARRAY_LEN(d->tail); i++) {
		uint64_t knot = (uint64_t)(KV_SUBS + i % KV_SUBS) << i / KV_SUBS;

		d->tail[i] = tail_at((double)knot / KV_SUBS, ONE * (1 - sum));
	}
}

void kv_dist_init(struct kv_dist *d, enum kv_preset preset, uint32_t records, uint64_t seed)
{
	assert(records >= 1);
	memset(d, 0, sizeof(*d));
	d->preset = preset;
	d->records = records;
	d->seed = seed;
	d->digits = 1;
	for (uint32_t n = records - 1; n >= 10; n /= 10)
		d->digits++;
	if (preset == KV_ETC || preset == KV_ETC_OSDI)
		etc_init(d);
}

static bool fixed(const struct kv_dist *d)
{
	return d->preset == KV_USR || d->preset == KV_USR_OSDI;
}

/* Two quantiles of ONE_BITS in one word: SplitMix64's mix. */
static uint64_t quantiles(const struct kv_dist *d, uint32_t record)
{
	uint64_t z = d->seed + (record + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t kv_dist_key_len(const struct kv_dist *d, uint32_t record)
{
	uint32_t q, len;

	if (fixed(d))
		return USR_KEY;
	q = (uint32_t)(quantiles(d, record) >> (64 - ONE_BITS));
	for (len = d->key_guide[q >> (ONE_BITS - 8)]; q >= d->key_cdf[len]; )
		len++;	/* the last is above every quantile */
	return len;
}

/* The eight digits of @v < 1e8, zeros in front: halves of four, of two, of one, side by side. */
static void eight_digits(char *to, uint32_t v)
{
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32;
	uint64_t q = (x * 10486) >> 20 & 0x0000007f0000007f;

	x = q | (x - q * 100) << 16;
	q = (x * 103) >> 10 & 0x000f000f000f000f;
	x = (q | (x - q * 10) << 8) + 0x3030303030303030;
	memcpy(to, &x, sizeof(x));
}

uint32_t kv_dist_key(const struct kv_dist *d, uint32_t record, char out[KV_KEY_MAX])
{
	uint32_t len = kv_dist_key_len(d, record);

	if (likely(len >= 8 && record < 100000000)) {
		for (uint32_t i = 0; i < len - 8; i += 8)
			memset(out + i, '0', 8);
		eight_digits(out + len - 8, record);
		return len;
	}
	for (uint32_t i = len; i > 0; record /= 10)
		out[--i] = (char)('0' + record % 10);
	return len;
}

uint32_t kv_dist_value_len(const struct kv_dist *d, uint32_t record)
{
	uint32_t q, len, shift, knot;
	int64_t from, step;

	if (fixed(d))
		return USR_VALUE;
	q = (uint32_t)quantiles(d, record) >> (32 - ONE_BITS);
	for (len = d->small_guide[q >> (ONE_BITS - 8)]; len < KV_SMALL; len++)
		if (q < d->small_cdf[len])
			return len;
	q = (1u << ONE_BITS) - q;	/* of how many it is not the longest, 1 or more */
	shift = (uint32_t)__builtin_clz(q);
	q <<= shift;			/* a one, 5 bits of knot, 26 between knots */
	knot = (31 - shift) * KV_SUBS + (q >> 26) % KV_SUBS;
	from = d->tail[knot];
	step = (from - d->tail[knot + 1]) * (q % (1u << 26)) >> 26;
	return (uint32_t)(from - step + TAIL_ONE / 2) / TAIL_ONE;
}

uint32_t kv_update_ppb(enum kv_preset preset)
{
	static const uint32_t ppb[KV_PRESET_NR] = {
		[KV_ETC] = 33000000, [KV_ETC_OSDI] = 250000000,
		[KV_USR] = 2000000, [KV_USR_OSDI] = 10000000,
	};

	return ppb[preset];
}

enum dist_kind kv_gap_kind(enum kv_preset preset)
{
	return preset == KV_ETC || preset == KV_ETC_OSDI ? DIST_GPARETO : DIST_EXPONENTIAL;
}

void kv_pattern(uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < MIN(len, (size_t)KV_VALUE_PERIOD); i++)
		buf[i] = kv_pattern_byte((uint32_t)i);
	for (size_t done = KV_VALUE_PERIOD; done < len; done += KV_VALUE_PERIOD)
		memcpy(buf + done, buf, MIN(len - done, (size_t)KV_VALUE_PERIOD));
}
