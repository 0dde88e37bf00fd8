/* SPDX-License-Identifier: MIT */
/*
 * cmd_doctor.c - `ix doctor`: what this machine has, lacks, and how to fix it
 *
 * Looks, and changes nothing. A check is a row of checks[]: what for, a test that may
 * explain itself in @found, and the exact command that fixes it.
 */
#include <argp.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "sim/costs.h"

enum need { FOR_SIM, FOR_FIGURES, FOR_TESTS, FOR_HW, FOR_NS3, NEEDS };

static const char *const need_names[NEEDS] = {
	[FOR_SIM] = "simulator", [FOR_FIGURES] = "figures", [FOR_TESTS] = "tests",
	[FOR_HW] = "real interfaces", [FOR_NS3] = "network models",
};

enum { FOUND_MAX = 256, CAP_NET_ADMIN_BIT = 12, CAP_NET_RAW_BIT = 13 };

struct check {
	enum need need;
	const char *name;
	const char *why;	/* what it is for */
	/* Present and usable? @found: what was found, or what is wrong. */
	bool (*test)(const struct check *c, char found[FOUND_MAX]);
	const char *arg;
	const char *fix;
};

/* ---- tests ---- */

static bool file_line(const char *path, char *buf, size_t len)
{
	FILE *f = fopen(path, "r");
	bool ok = f && fgets(buf, (int)len, f);

	if (f)
		fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

static bool in_path(const struct check *c, char found[FOUND_MAX])
{
	const char *path = getenv("PATH");
	size_t len, arg_len = strlen(c->arg);

	for (; path && *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (len + arg_len + 2 > FOUND_MAX)
			continue;
		memcpy(found, path, len);
		found[len] = '/';
		memcpy(found + len + 1, c->arg, arg_len + 1);
		if (access(found, X_OK) == 0)
			return true;
	}
	snprintf(found, FOUND_MAX, "no %s in PATH", c->arg);
	return false;
}

static bool has_file(const struct check *c, char found[FOUND_MAX])
{
	snprintf(found, FOUND_MAX, "%s%s", access(c->arg, R_OK) == 0 ? "" : "no ", c->arg);
	return access(c->arg, R_OK) == 0;
}

/* A device that can be opened for reading and writing. */
static bool has_device(const struct check *c, char found[FOUND_MAX])
{
	int fd = open(c->arg, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		snprintf(found, FOUND_MAX, "%s: %s", c->arg, strerror(errno));
		return false;
	}
	close(fd);
	snprintf(found, FOUND_MAX, "%s", c->arg);
	return true;
}

/* An entry of a well-known folder whose name begins with arg. */
static bool has_library(const struct check *c, char found[FOUND_MAX])
{
	static const char *const dirs[] = {
		"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
		"/usr/local/lib/x86_64-linux-gnu", "/usr/local/lib64",
	};
	struct dirent *e;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		DIR *d = opendir(dirs[i]);

		while (d && (e = readdir(d)))
			if (strncmp(e->d_name, c->arg, strlen(c->arg)) == 0) {
				snprintf(found, FOUND_MAX, "%s/%.100s", dirs[i], e->d_name);
				closedir(d);
				return true;
			}
		if (d)
			closedir(d);
	}
	snprintf(found, FOUND_MAX, "no %s* in the library folders", c->arg);
	return false;
}

static bool prices_load(const struct check *c, char found[FOUND_MAX])
{
	struct costs costs;

	if (costs_load(&costs, c->arg, found, FOUND_MAX) != 0)
		return false;
	snprintf(found, FOUND_MAX, "list \"%s\", hash %016llx", c->arg,
		 (unsigned long long)costs.hash);
	return true;
}

static bool cores_count(const struct check *c, char found[FOUND_MAX])
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	(void)c;
	snprintf(found, FOUND_MAX, "%ld online; sweeps use them all", n);
	return n >= 1;
}

static bool may_net(const struct check *c, char found[FOUND_MAX])
{
	unsigned long long caps = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	(void)c;
	if (caps >> CAP_NET_ADMIN_BIT & 1 && caps >> CAP_NET_RAW_BIT & 1) {
		snprintf(found, FOUND_MAX, "CAP_NET_ADMIN and CAP_NET_RAW");
		return true;
	}
	snprintf(found, FOUND_MAX, "this user lacks CAP_NET_ADMIN or CAP_NET_RAW");
	return false;
}

static bool has_hugepages(const struct check *c, char found[FOUND_MAX])
{
	char text[64] = "0";
	unsigned long n;

	file_line(c->arg, text, sizeof(text));
	n = strtoul(text, NULL, 10);
	snprintf(found, FOUND_MAX, "%lu free pages of 2 MB", n);
	return n > 0;
}

static bool is_performance(const struct check *c, char found[FOUND_MAX])
{
	char text[64];

	if (!file_line(c->arg, text, sizeof(text))) {
		snprintf(found, FOUND_MAX, "no frequency scaling here");
		return true;
	}
	snprintf(found, FOUND_MAX, "governor \"%s\"", text);
	return strcmp(text, "performance") == 0;
}

static const struct check checks[] = {
	{FOR_SIM, "price list", "what operations cost", prices_load, "ix",
	 "run ix from the source folder, or `sudo make install`"},
	{FOR_SIM, "processor cores", "parallel sweeps", cores_count, "", ""},
	{FOR_FIGURES, "gnuplot", "drawings; the numbers need none", in_path, "gnuplot",
	 "sudo apt-get install --no-install-recommends gnuplot-nox"},
	{FOR_TESTS, "gcc", "building", in_path, "gcc", "sudo apt-get install gcc libc6-dev"},
	{FOR_TESTS, "clang", "the build with a second compiler, fuzzers", in_path, "clang",
	 "sudo apt-get install clang"},
	{FOR_TESTS, "libconfig headers", "building", has_file, "/usr/include/libconfig.h",
	 "sudo apt-get install libconfig-dev"},
	{FOR_TESTS, "jansson headers", "building", has_file, "/usr/include/jansson.h",
	 "sudo apt-get install libjansson-dev"},
	{FOR_TESTS, "CUnit headers", "unit suites", has_file, "/usr/include/CUnit/Basic.h",
	 "sudo apt-get install libcunit1-dev"},
	{FOR_TESTS, "python3", "layout checks", in_path, "python3", "sudo apt-get install python3"},
	{FOR_TESTS, "tshark", "captures read by another program", in_path, "tshark",
	 "sudo apt-get install --no-install-recommends tshark"},
	{FOR_HW, "/dev/net/tun", "ix serve --nic tap:NAME", has_device, "/dev/net/tun",
	 "sudo modprobe tun; as root, or `sudo setcap cap_net_admin,cap_net_raw+ep build/gcc/ix`"},
	{FOR_HW, "network privileges", "creating and opening interfaces", may_net, "",
	 "sudo setcap cap_net_admin,cap_net_raw+ep build/gcc/ix"},
	{FOR_HW, "ip", "addresses and routes of interfaces", in_path, "ip",
	 "sudo apt-get install iproute2"},
	{FOR_HW, "hugepages", "large pages for DPDK; not used yet", has_hugepages,
	 "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
	 "echo 1024 | sudo tee /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"},
	{FOR_HW, "DPDK", "polling a physical NIC; not used yet", has_library, "librte_ethdev.so",
	 "sudo apt-get install dpdk-dev"},
	{FOR_HW, "KVM", "dataplane and application in two rings; not used yet", has_device,
	 "/dev/kvm",
	 "enable virtualisation in the firmware; sudo modprobe kvm-intel (or kvm-amd); "
	 "sudo usermod -aG kvm $USER"},
	{FOR_HW, "CPU governor", "steady clocks while measuring", is_performance,
	 "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
	 "sudo cpupower frequency-set -g performance"},
	{FOR_NS3, "ns-3", "routers, foreign TCP hosts; not used yet", has_library, "libns3",
	 "sudo apt-get install libns3-dev"},
};

/* ---- output ---- */

static void check_print(const struct check *c, bool ok, const char *found)
{
	printf("  %s%-7s%s %-19s %s%s%s\n", style_on(stdout, ok ? STYLE_GOOD : STYLE_WARN),
	       ok ? "ok" : "missing", style_off(stdout), c->name, style_on(stdout, STYLE_DIM),
	       found, style_off(stdout));
	if (!ok)
		printf("          %-19s for %s; fix: %s\n", "", c->why, c->fix);
}

static json_t *check_json(const struct check *c, bool ok, const char *found)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", json_string(c->name));
	json_object_set_new(j, "needed_for", json_string(need_names[c->need]));
	json_object_set_new(j, "why", json_string(c->why));
	json_object_set_new(j, "ok", json_boolean(ok));
	json_object_set_new(j, "found", json_string(found));
	json_object_set_new(j, "fix", ok ? json_null() : json_string(c->fix));
	return j;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	bool *json = st->input;

	if (key == 'j')
		*json = true;
	else if (key == ARGP_KEY_ARG)
		argp_error(st, "doctor takes no arguments; what is \"%s\"?", arg);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 },
};

static const char doc[] =
	"Say what this machine has, what it lacks, what that is for, and the exact command that "
	"fixes it. Changes nothing.\v"
	"Exit status 0 if the simulator can run, 3 otherwise; the rest is optional.\n\n"
	CLI_EXIT_CODES;

int cmd_doctor(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .doc = doc };
	bool json = false, sim_ok = true;
	json_t *all = json_array(), *top;
	unsigned missing = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const struct check *c = &checks[i];
		char found[FOUND_MAX] = "";
		bool ok = c->test(c, found);

		missing += !ok;
		sim_ok = sim_ok && (ok || c->need != FOR_SIM);
		if (!json && (i == 0 || checks[i - 1].need != c->need))
			printf("%s%s%s\n", style_on(stdout, STYLE_BOLD), need_names[c->need],
			       style_off(stdout));
		if (json)
			json_array_append_new(all, check_json(c, ok, found));
		else
			check_print(c, ok, found);
	}
	if (json) {
		top = json_pack("{s:b, s:O}", "simulator_ok", sim_ok, "checks", all);
		result_print_json(top, stdout);
		json_decref(top);
	} else {
		printf("\nThe simulator %s run here%s.\n", sim_ok ? "can" : "CANNOT",
		       missing ? "; what is missing above only matters for what it is for" : "");
	}
	json_decref(all);
	return sim_ok ? IX_OK : IX_MISSING;
}
