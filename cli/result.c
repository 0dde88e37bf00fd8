/* SPDX-License-Identifier: MIT */
/*
 * result.c - see result.h
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/cli.h"
#include "cli/result.h"

enum { PATH_LEN = 4096 + 256,	/* longer ones the kernel refuses */
       STALE_S = 60 };		/* nobody writes for that long */

static const char tmp_mark[] = ".tmp.";

/* Make the folders above @path. */
static int folders_make(const char *path)
{
	char dir[PATH_LEN];

	if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return -ENAMETOOLONG;
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0777) != 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int write_all(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "w");
	int err = 0;

	if (!f)
		return -errno;
	if (fwrite(data, 1, len, f) != len || fflush(f) != 0 || fsync(fileno(f)) != 0)
		err = errno ? -errno : -EIO;
	if (fclose(f) != 0 && !err)
		err = -errno;
	return err;
}

/* The name is durable too. A file system that cannot say so does not matter here. */
static void folder_sync(const char *path)
{
	char dir[PATH_LEN];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* A rename would take the place of a device, a pipe or a link. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
}

const char *result_trouble(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return "it is a folder";
	if (lstat(path, &st) != 0 && errno == ENOTDIR)
		return "what its path has as a folder is none";
	return is_replaceable(path) ? NULL : "it is a device, a pipe or a link";
}

int result_rename(const char *tmp, const char *path)
{
	int fd;

	if (!is_replaceable(path))
		return -EINVAL;
	fd = open(tmp, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fsync(fd);
	close(fd);
	if (rename(tmp, path) != 0)
		return -errno;
	folder_sync(path);
	return 0;
}

int result_save_by(const char *path, const char *tmp, const char *data, size_t len, char *err,
		   size_t err_len)
{
	int rc = folders_make(path);

	if (!rc && !is_replaceable(path)) {
		snprintf(err, err_len, "cannot write %s: it is a device, a pipe or a link, and "
			 "would be replaced; name a file", path);
		return -EINVAL;
	}
	if (!rc)
		rc = folders_make(tmp);
	if (!rc)
		rc = write_all(tmp, data, len);
	if (!rc && rename(tmp, path) != 0)
		rc = -errno;
	if (rc) {
		unlink(tmp);
		snprintf(err, err_len, "cannot write %s: %s", path, strerror(-rc));
		return rc;
	}
	folder_sync(path);
	return 0;
}

void result_tmp(char *buf, size_t len, const char *path)
{
	snprintf(buf, len, "%s%s%d", path, tmp_mark, (int)getpid());
}

/* Is @name what a process that is gone left of @base? The minute is for those of other machines,
 * which share the folder and not the processes. */
static bool is_left_over(const char *name, const char *base, const struct stat *st)
{
	size_t n = strlen(base), mark = sizeof(tmp_mark) - 1;
	const char *digits = name + n + mark;
	long pid;

	if (strncmp(name, base, n) != 0 || strncmp(name + n, tmp_mark, mark) != 0 ||
	    *digits == '0' || digits[strspn(digits, "0123456789")])
		return false;
	pid = strtol(digits, NULL, 10);
	return pid > 0 && pid <= INT_MAX && S_ISREG(st->st_mode) &&
	       time(NULL) - st->st_mtime > STALE_S && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void result_tidy(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char dir[PATH_LEN];
	struct dirent *e;
	struct stat st;
	DIR *d;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	d = opendir(dir);
	while (d && (e = readdir(d)))
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_left_over(e->d_name, base, &st))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

int result_save(const char *path, const char *data, size_t len, char *err, size_t err_len)
{
	char tmp[PATH_LEN];

	result_tmp(tmp, sizeof(tmp), path);
	return result_save_by(path, tmp, data, len, err, err_len);
}

char *result_load(const char *path, size_t *len)
{
	/* A pipe that a knob names must not stop us here. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		text = malloc((size_t)st.st_size + 1);
	while (text && *len < (size_t)st.st_size) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	close(fd);
	return text;
}

void result_remove_old(const char *dir, long age_s, bool (*is_ours)(const char *name))
{
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (is_ours(e->d_name) &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && time(NULL) - st.st_mtime > age_s)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

char *result_table_text(const struct table *t, size_t *len)
{
	char *data = NULL;
	FILE *f = open_memstream(&data, len);

	if (!f)
		abort();
	table_write(t, f);
	if (fclose(f) != 0)
		abort();
	return data;
}

int result_save_table(const char *path, const struct table *t, char *err, size_t err_len)
{
	size_t len;
	char *data = result_table_text(t, &len);
	int rc;

	result_tidy(path);
	rc = result_save(path, data, len, err, err_len);
	free(data);
	return rc;
}

void result_hash(char hex[RESULT_HASH_LEN], const char *data, size_t len)
{
	static const uint64_t key[2] = { 0x6978206c61622072ULL, 0x6573756c74732063ULL };

	snprintf(hex, RESULT_HASH_LEN, "%016llx", (unsigned long long)siphash24(key, data, len));
}

void result_print_json(const json_t *j, FILE *f)
{
	json_dumpf(j, f, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	fputc('\n', f);
}

int result_save_json(const char *path, const json_t *j, char *err, size_t err_len)
{
	char *data = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&data, &len);
	int rc;

	if (!f) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	result_print_json(j, f);
	fclose(f);
	result_tidy(path);
	rc = result_save(path, data, len, err, err_len);
	free(data);
	return rc;
}

json_t *result_number(double v)
{
	if (!isfinite(v))
		return json_null();
	if (v == floor(v) && fabs(v) < 9e15)
		return json_integer((json_int_t)v);
	return json_real(v);
}

json_t *result_manifest(const struct schema *s, const char *what, const char *input)
{
	json_t *m = json_object(), *config = schema_json(s);

	json_object_set_new(m, "ix_version", json_string(ix_version));
	json_object_set_new(m, "commit", json_string(ix_commit));
	json_object_set_new(m, "compiler", json_string(ix_compiler));
	json_object_set_new(m, "command", json_string(what));
	json_object_set_new(m, "input", input ? json_string(input) : json_null());
	json_object_set(m, "seed", json_object_get(config, "seed"));
	json_object_set_new(m, "config", config);
	return m;
}

void result_path(char *buf, size_t len, const char *dir, const char *name, const char *ext)
{
	snprintf(buf, len, "%s/%s.%s", dir, name, ext);
}

void result_name(char *buf, size_t len, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	snprintf(buf, len, "%.*s", dot && dot != base ? (int)(dot - base) : (int)strlen(base),
		 base);
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

void result_split(const char *path, char *dir, size_t dir_len, char *name, size_t name_len)
{
	const char *slash = strrchr(path, '/');

	snprintf(dir, dir_len, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	snprintf(name, name_len, "%s", slash ? slash + 1 : path);
	name[strlen(name) - (ends_in(name, ".csv") ? 4 : 0)] = '\0';
}
