/* SPDX-License-Identifier: MIT */
/*
 * pcap.c - capture to a file, see pcap.h (format: draft-ietf-opsawg-pcap)
 *
 * Checksums the NIC left virtual are written first, so a capture is what a wire would have
 * carried. The file is written in the machine's byte order, as readers expect.
 */
#include "sim/pcap.h"

#include <stdio.h>
#include <stdlib.h>

enum { SNAPLEN = 65535, LINKTYPE_ETHERNET = 1, BUFFER = 1 << 20 };

#define MAGIC_NS	0xa1b23c4du

struct tap {
	struct port in;
	struct pcap *pcap;
	struct port *to;
};

struct pcap {
	FILE *file;
	int error;		/* first errno of a write */
	uint64_t n_frames;
	uint32_t n_taps;
	struct tap taps[PCAP_TAPS_MAX];
};

static void put(struct pcap *p, const void *bytes, size_t len)
{
	if (p->error == 0 && fwrite(bytes, 1, len, p->file) != len)
		p->error = errno != 0 ? errno : EIO;
}

static void record(struct pcap *p, const struct frame *f, nsec now)
{
	uint32_t head[4] = { (uint32_t)(now / NSEC_PER_SEC), (uint32_t)(now % NSEC_PER_SEC),
			     f->len, f->len };

	put(p, head, sizeof(head));
	put(p, f->data, f->len);
	p->n_frames++;
}

static void tap_rx(struct port *port, struct frame *f, nsec now)
{
	struct tap *t = container_of(port, struct tap, in);

	frame_csum_write(f);
	record(t->pcap, f, now);
	t->to->rx(t->to, f, now);
}

static void put_header(struct pcap *p)
{
	const uint32_t magic = MAGIC_NS, zone[2] = { 0, 0 };
	const uint16_t version[2] = { 2, 4 };
	const uint32_t tail[2] = { SNAPLEN, LINKTYPE_ETHERNET };

	put(p, &magic, sizeof(magic));
	put(p, version, sizeof(version));
	put(p, zone, sizeof(zone));
	put(p, tail, sizeof(tail));
}

struct pcap *pcap_open(const char *path, char *err, size_t err_len)
{
	struct pcap *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		snprintf(err, err_len, "no memory to capture to %s", path);
		return NULL;
	}
	p->file = fopen(path, "wb");
	if (p->file == NULL) {
		snprintf(err, err_len, "cannot create the capture %s: %s; check the folder and "
			 "its permissions", path, strerror(errno));
		free(p);
		return NULL;
	}
	setvbuf(p->file, NULL, _IOFBF, BUFFER);
	put_header(p);
	return p;
}

struct port *pcap_tap(struct pcap *p, struct port *to)
{
	struct tap *t = &p->taps[p->n_taps];

	if (p->n_taps == PCAP_TAPS_MAX)
		return NULL;
	p->n_taps++;
	*t = (struct tap){ .in.rx = tap_rx, .pcap = p, .to = to };
	return &t->in;
}

uint64_t pcap_frames(const struct pcap *p)
{
	return p->n_frames;
}

int pcap_close(struct pcap *p)
{
	int error;

	errno = 0;
	if (fclose(p->file) != 0 && p->error == 0)
		p->error = errno != 0 ? errno : EIO;
	error = p->error;
	free(p);
	return -error;
}
