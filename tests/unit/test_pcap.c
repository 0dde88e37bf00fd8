/* SPDX-License-Identifier: MIT */
/* test_pcap.c - the bytes of a capture, and what tshark makes of them */
#include "tests/unit/cu.h"

#include <unistd.h>

#include "sim/pcap.h"
#include "tests/unit/sim_bed.h"

static char path[] = "/tmp/ix_test_pcap_XXXXXX";

/* Three frames through two taps; returns the path of the capture. */
static const char *capture(struct frame_pool *fp)
{
	static const nsec at[3] = { 5, NSEC_PER_SEC + 123456789, 3 * NSEC_PER_SEC - 1 };
	struct port *tap[2];
	struct sink sink;
	char err[256];
	struct pcap *p = pcap_open(path, err, sizeof(err));

	CHECK(p != NULL);
	sink_init(&sink, fp);
	tap[0] = pcap_tap(p, &sink.in);
	tap[1] = pcap_tap(p, &sink.in);
	for (uint32_t i = 0; i < 3; i++) {
		struct frame *f = bed_frame(fp, i == 1 ? 1514 : 61 + i, 1, 2, 1000);

		tap[i % 2]->rx(tap[i % 2], f, at[i]);
		CHECK_EQ(sink.n, i + 1);
		CHECK_EQ(sink.last, at[i]);
	}
	CHECK_EQ(pcap_frames(p), 3);
	CHECK_EQ(sink_drain(&sink), 3);
	CHECK_EQ(pcap_close(p), 0);
	return path;
}

static void file_is_byte_for_byte_nanosecond_pcap(void)
{
	static const uint32_t head[6] = { 0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, 1 };
	static const uint32_t second[4] = { 1, 123456789, 1514, 1514 };
	struct frame_pool *fp = frame_pool_new();
	struct frame *want = bed_frame(fp, 1514, 1, 2, 1000);
	uint8_t buf[4096];
	FILE *file = fopen(capture(fp), "rb");
	size_t n = fread(buf, 1, sizeof(buf), file);

	fclose(file);
	unlink(path);
	frame_csum_write(want);
	CHECK_EQ(n, 24 + 3 * 16 + 61 + 1514 + 63);
	CHECK(memcmp(buf, head, sizeof(head)) == 0);
	CHECK(memcmp(buf + 24 + 16 + 61, second, sizeof(second)) == 0);
	CHECK(memcmp(buf + 24 + 16 + 61 + 16, want->data, 1514) == 0);
	frame_put(fp, want);
	CHECK_EQ(frame_pool_out(fp), 0);
	frame_pool_free(fp);
}

/* One line of a command's output and errors, without the newline; its exit status. */
static int command(const char *format, char *out, size_t len)
{
	char cmd[512];
	FILE *pipe;
	size_t n;

	snprintf(cmd, sizeof(cmd), format, path);
	pipe = popen(cmd, "r");
	n = fread(out, 1, len - 1, pipe);
	out[n] = '\0';
	return pclose(pipe);
}

static void tshark_reads_it_without_complaint(void)
{
	struct frame_pool *fp = frame_pool_new();
	char out[1024];

	if (access("/usr/bin/tshark", X_OK) != 0) {
		fprintf(stderr, "tshark is not installed: its opinion was skipped\n");
		frame_pool_free(fp);
		return;
	}
	capture(fp);
	CHECK_EQ(command("/usr/bin/tshark -r %s -o ip.check_checksum:TRUE "
			 "-o tcp.check_checksum:TRUE -T fields -e frame.time_epoch -e ip.src "
			 "-e ip.checksum.status -e tcp.checksum.status -e frame.len 2>&1 "
			 "| grep -v 'Running as user'", out, sizeof(out)), 0);
	CHECK(strcmp(out, "0.000000005\t10.0.0.1\t1\t1\t61\n"
			  "1.123456789\t10.0.0.1\t1\t1\t1514\n"
			  "2.999999999\t10.0.0.1\t1\t1\t63\n") == 0);
	if (strstr(out, "1.123456789") == NULL)
		fprintf(stderr, "tshark said: %s\n", out);
	unlink(path);
	frame_pool_free(fp);
}

static void failures_are_sentences_and_errors(void)
{
	char err[256] = "";
	struct frame_pool *fp = frame_pool_new();
	struct port *tap = NULL;
	struct sink sink;
	struct pcap *p;

	CHECK(pcap_open("/no/such/folder/x.pcap", err, sizeof(err)) == NULL);
	CHECK(strstr(err, "/no/such/folder/x.pcap") != NULL);
	CHECK(strstr(err, "No such file") != NULL);
	p = pcap_open("/dev/full", err, sizeof(err));
	CHECK(p != NULL);
	sink_init(&sink, fp);
	for (uint32_t i = 0; i < PCAP_TAPS_MAX; i++)
		CHECK((tap = pcap_tap(p, &sink.in)) != NULL);
	CHECK(pcap_tap(p, &sink.in) == NULL);
	tap->rx(tap, bed_frame(fp, 60, 1, 2, 1), 0);
	sink_drain(&sink);
	CHECK_EQ(pcap_close(p), -ENOSPC);
	frame_pool_free(fp);
}

static void make_name(void)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
}

CU_MAIN("pcap", TEST(make_name), TEST(file_is_byte_for_byte_nanosecond_pcap),
	TEST(tshark_reads_it_without_complaint), TEST(failures_are_sentences_and_errors))
