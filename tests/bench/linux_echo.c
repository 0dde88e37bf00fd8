/* SPDX-License-Identifier: MIT */
/*
 * linux_echo.c - the peer: what a 64 B echo costs the Linux kernel's TCP over a veth pair
 *
 *	linux_echo SERVER_NETNS CLIENT_NETNS SERVER_IP CONNS REQUESTS [RUNS]
 *
 * Both ends are sockets of this one thread, each made in its own network namespace (a name
 * below /run/netns), so every request crosses the whole stack twice and nobody sleeps: no
 * wake-up, no idle time, one core. That flatters Linux, and it makes CPU time per request
 * a number that another process on the machine hardly moves.
 * Prints one CSV line a run: linux,conns,ns of CPU time a request,ns of wall time.
 * Exit status: 0 done, 2 wrong usage, 3 not possible here (not root, no such namespace).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MSG = 64, CONNS_MAX = 1024, PORT = 7777, EVENTS = 128 };

struct conn {
	int fd;
	int is_client;
};

static struct conn conns[2 * CONNS_MAX];
static int epoll_fd;

static void die(const char *what)
{
	fprintf(stderr, "linux_echo: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
}

static uint64_t clock_ns(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void add(struct conn *c, int fd, int is_client)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	*c = (struct conn){ .fd = fd, .is_client = is_client };
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("epoll_ctl");
}

/* Connect and accept in turn: neither call waits for more than the other end. */
static void open_all(const char *server, const char *client, const char *ip, int n)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr *sa = (struct sockaddr *)(void *)&at;
	int one = 1, listener, i;

	if (inet_pton(AF_INET, ip, &at.sin_addr) != 1)
		die(ip);
	enter(server);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (listener < 0 || bind(listener, sa, sizeof(at)) < 0 || listen(listener, 128) < 0)
		die("listen");
	enter(client);
	for (i = 0; i < n; i++) {
		int a = socket(AF_INET, SOCK_STREAM, 0), b;

		if (a < 0 || connect(a, sa, sizeof(at)) < 0)
			die("connect");
		b = accept(listener, NULL, NULL);
		if (b < 0)
			die("accept");
		add(&conns[2 * i], a, 1);
		add(&conns[2 * i + 1], b, 0);
	}
	close(listener);
}

static void send_msg(const struct conn *c, const char *buf)
{
	if (write(c->fd, buf, MSG) != MSG)
		die("write");
}

/* Take what has arrived; servers answer, clients go on while *@left. Returns the answers. */
static uint64_t turn(uint64_t *left)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(epoll_fd, ev, EVENTS, 1000);
	uint64_t answers = 0;
	char buf[MSG];

	if (n <= 0)
		die("epoll_wait");
	for (int i = 0; i < n; i++) {
		const struct conn *c = ev[i].data.ptr;

		if (read(c->fd, buf, MSG) != MSG)
			die("read");
		answers += (uint64_t)c->is_client;
		if (c->is_client && *left == 0)
			continue;
		*left -= (uint64_t)c->is_client;
		send_msg(c, buf);
	}
	return answers;
}

/* Every client has one request outstanding. */
static void measure(uint64_t n, uint64_t requests)
{
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
	uint64_t done = 0, left = requests - n;
	char buf[MSG];

	memset(buf, 'x', sizeof(buf));
	for (uint64_t i = 0; i < n; i++)
		send_msg(&conns[2 * i], buf);
	while (done < requests)
		done += turn(&left);
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = clock_ns(CLOCK_MONOTONIC) - wall;
	printf("linux,%u,%.1f,%.1f\n", (unsigned)n, (double)cpu / (double)done,
	       (double)wall / (double)done);
}

int main(int argc, char **argv)
{
	int n = argc > 4 ? atoi(argv[4]) : 0, runs = argc > 6 ? atoi(argv[6]) : 1;
	uint64_t requests = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;

	if (n < 1 || n > CONNS_MAX || requests < (uint64_t)n) {
		fprintf(stderr, "usage: linux_echo SERVER_NETNS CLIENT_NETNS SERVER_IP CONNS 1..%d "
			"REQUESTS [RUNS]\n", CONNS_MAX);
		return 2;
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("epoll_create1");
	open_all(argv[1], argv[2], argv[3], n);
	while (runs-- > 0)
		measure((uint64_t)n, requests);
	return 0;
}
