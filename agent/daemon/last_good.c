/* SPDX-License-Identifier: MIT */
#include "agent/daemon/last_good.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/store/store.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/wallclock.h"
#include "process/atomic_file.h"
#include "process/loop.h"

#define FILE_NAME "last-good.yaml"
#define HEAD_MAX  (4096 + 256)
/* "# vipherald kept this DATE SHA256 FILE" */
#define MARK "# vipherald kept this "

struct last_good {
	struct atomic_file *file; /* NULL: none can be kept */
	bool writing;
	char sha256[SHA256_TEXT_MAX]; /* of what is kept or being written; "": nothing yet */
};

/* Not agent.state_file's: a broken file cannot say where that is. Free it. */
static char *path_of(void)
{
	char *path, buf[PATH_MAX];
	if (asprintf(&path, "%s/" FILE_NAME, store_directory(buf, sizeof(buf))) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return path;
}

struct last_good *last_good_new(sd_event *loop)
{
	struct last_good *g = mem_new(1, sizeof(*g));
	struct err err;
	char *path = path_of();
	if (atomic_file_new(loop, path, &g->file, &err) < 0)
		log_info("config",
			 "%s: no copy of the configuration is kept for a start with a broken "
			 "file",
			 err.text);
	free(path);
	return g;
}

void last_good_free(struct last_good *g)
{
	if (!g)
		return;
	atomic_file_free(g->file);
	free(g);
}

static void on_written(const struct err *err, void *userdata)
{
	struct last_good *g = userdata;
	g->writing = false;
	if (!err)
		return;
	g->sha256[0] = 0;
	log_warn("config", "the copy of the configuration was not written: %s", err->text);
}

static char *with_head(const char *file, const char *sha256, const char *text, size_t len,
		       size_t *ret_len)
{
	char date[DATE_TEXT_MAX];
	char *content = mem_new(1, HEAD_MAX + len);
	int head = snprintf(content, HEAD_MAX, MARK "%s %s %s\n", date_format(loop_wall(), date),
			    sha256, file);
	if (head >= HEAD_MAX) {
		free(content);
		return NULL;
	}
	memcpy(content + head, text, len);
	*ret_len = (size_t)head + len;
	return content;
}

void last_good_keep(struct last_good *g, const char *file, const char *sha256)
{
	char now[SHA256_TEXT_MAX];
	size_t len = 0, content_len = 0;
	if (!g || !g->file || g->writing || str_equal(g->sha256, sha256) || strchr(file, '\n'))
		return;
	char *text = NULL;
	if (config_read_text(file, &text, &len) < 0)
		return;
	sha256_text(text, len, now);
	/* It was changed since it was loaded, and perhaps broken. */
	char *content =
		str_equal(now, sha256) ? with_head(file, sha256, text, len, &content_len) : NULL;
	free(text);
	if (!content)
		return;
	g->writing = true;
	str_copy(g->sha256, sizeof(g->sha256), sha256);
	atomic_file_start(g->file, content, content_len, on_written, g);
}

/* ---- the start ---- */

/* Only root and this user may have written it: it decides what runs, as which user. */
static bool is_trusted(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	       (st.st_uid == 0 || st.st_uid == geteuid());
}

/* The first line names the file that it is a copy of. */
static int read_head(const char *path, const char *file, char *ret_date, char *ret_sha256)
{
	char head[HEAD_MAX + 1], date[LAST_GOOD_DATE_MAX], sha256[SHA256_TEXT_MAX];
	int at = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	ssize_t n = is_trusted(fd) ? read(fd, head, HEAD_MAX) : -1;
	close(fd);
	if (n <= 0)
		return -EPERM;
	head[n] = 0;
	head[strcspn(head, "\n")] = 0;
	if (!str_starts(head, MARK) ||
	    sscanf(head + strlen(MARK), "%31s %64s %n", date, sha256, &at) != 2 ||
	    !str_equal(head + strlen(MARK) + at, file))
		return -ENOENT;
	str_copy(ret_date, LAST_GOOD_DATE_MAX, date);
	str_copy(ret_sha256, SHA256_TEXT_MAX, sha256);
	return 0;
}

int last_good_load(const char *file, struct config **ret, char ret_date[static LAST_GOOD_DATE_MAX],
		   struct err *err)
{
	struct config_findings findings = { 0 };
	char sha256[SHA256_TEXT_MAX];
	char *path = path_of();
	int rc = read_head(path, file, ret_date, sha256);
	if (rc == 0)
		rc = config_load(path, ret, &findings);
	if (rc == 0)
		str_copy((*ret)->sha256, sizeof((*ret)->sha256), sha256);
	else
		err_set(err, rc, "%s: %s", path,
			rc == -ENOENT ? "no copy of a configuration that was in effect"
			: rc == -EINVAL
				? "the copy is not valid any more (vipherald check says why)"
				: strerror(-rc));
	config_findings_done(&findings);
	free(path);
	return rc;
}
