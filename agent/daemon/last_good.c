/* SPDX-License-Identifier: MIT */
#include "agent/daemon/last_good.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/store.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/wallclock.h"
#include "process/atomic_file.h"
#include "process/loop.h"
#include "process/trusted_file.h"

/* Where agent.state_file is makes no difference: a broken file cannot say that. */
#define FILE_NAME "last-good.yaml"
#define HEAD_MAX  (4096 + 256)
/* "# vipherald kept this DATE SHA256 FILE" */
#define MARK "# vipherald kept this "

struct last_good {
	struct atomic_file *file; /* NULL: none can be kept */
	bool writing;
	char sha256[SHA256_TEXT_MAX]; /* of what is kept or being written; "": nothing yet */
	last_good_settled_cb *settled;
	void *userdata;
};

struct last_good *last_good_new(sd_event *loop, last_good_settled_cb *settled, void *userdata)
{
	struct last_good *g = mem_new(1, sizeof(*g));
	g->settled = settled;
	g->userdata = userdata;
	struct err err;
	char *path = store_path(FILE_NAME);
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
	if (err) {
		g->sha256[0] = 0;
		log_warn("config", "the copy of the configuration was not written: %s", err->text);
	}
	g->settled(!err, g->userdata);
}

bool last_good_is_writing(const struct last_good *g)
{
	return g && g->writing;
}

static char *with_head(const char *file, const char *sha256, const char *text, size_t len,
		       size_t *ret_len)
{
	char date[DATE_TEXT_MAX];
	char *content = mem_new(1, HEAD_MAX + len);
	int head = snprintf(content, HEAD_MAX, MARK "%s %s %s\n", date_format(wall_now(), date),
			    sha256, file);
	if (head >= HEAD_MAX) {
		free(content);
		return NULL;
	}
	memcpy(content + head, text, len);
	*ret_len = (size_t)head + len;
	return content;
}

void last_good_keep(struct last_good *g, const char *file, const struct config *config)
{
	size_t len = 0, content_len = 0;
	if (!g || !g->file || g->writing || str_equal(g->sha256, config->set_sha256) ||
	    strchr(file, '\n'))
		return;
	char *text = config_set_bundle(&config->set, &len);
	char *content = text ? with_head(file, config->set_sha256, text, len, &content_len) : NULL;
	free(text);
	if (!content) {
		log_warn("config",
			 "%s: no copy of it is kept: its name is too long, or it is such a copy "
			 "itself",
			 file);
		return;
	}
	g->writing = true;
	str_copy(g->sha256, sizeof(g->sha256), config->set_sha256);
	atomic_file_start(g->file, content, content_len, on_written, g);
}

/* ---- the start ---- */

/* The first line names the file that it is a copy of. */
static int read_head(const char *path, const char *file, char *ret_date, char *ret_sha256)
{
	char head[HEAD_MAX + 1], date[LAST_GOOD_DATE_MAX], sha256[SHA256_TEXT_MAX];
	int at = 0, rc = trusted_file_read(path, head, sizeof(head));
	if (rc < 0)
		return rc;
	head[strcspn(head, "\n")] = 0;
	if (!str_starts(head, MARK) ||
	    sscanf(head + strlen(MARK), "%31s %64s %n", date, sha256, &at) != 2 ||
	    !str_equal(head + strlen(MARK) + at, file))
		return -ENOENT;
	str_copy(ret_date, LAST_GOOD_DATE_MAX, date);
	str_copy(ret_sha256, SHA256_TEXT_MAX, sha256);
	return 0;
}

bool last_good_find(const char *file, char ret_sha256[static SHA256_TEXT_MAX])
{
	char date[LAST_GOOD_DATE_MAX];
	char *path = store_path(FILE_NAME);
	int rc = read_head(path, file, date, ret_sha256);
	free(path);
	return rc == 0;
}

static struct config_loader *loader_of(const char *path, struct config_findings *findings)
{
	return config_loader_new(&(struct config_source){ .file = path, .bundle = true }, findings);
}

void last_good_adopt(struct config *config, const char *sha256)
{
	/* The hash of what was loaded, not that of the copy of it. */
	str_copy(config->set_sha256, sizeof(config->set_sha256), sha256);
	if (config->set.n == 1)
		str_copy(config->sha256, sizeof(config->sha256), sha256);
}

struct config_loader *last_good_loader(const char *file, struct config_findings *findings,
				       char ret_sha256[static SHA256_TEXT_MAX])
{
	char *path = store_path(FILE_NAME);
	struct config_loader *l =
		last_good_find(file, ret_sha256) ? loader_of(path, findings) : NULL;
	free(path);
	return l;
}

int last_good_load(const char *file, struct config **ret, char ret_date[static LAST_GOOD_DATE_MAX],
		   struct err *err)
{
	struct config_findings findings = { 0 };
	char sha256[SHA256_TEXT_MAX];
	char *path = store_path(FILE_NAME);
	int rc = read_head(path, file, ret_date, sha256);
	struct config_loader *l = rc == 0 ? loader_of(path, &findings) : NULL;
	while (l && (rc = config_loader_step(l, ret)) > 0)
		;
	config_loader_free(l);
	if (rc == 0)
		last_good_adopt(*ret, sha256);
	else
		err_set(err, rc, "%s: %s", path,
			rc == -ENOENT   ? "no copy of a configuration that was in effect"
			: rc == -EINVAL ? "the copy is no longer valid (vipherald check says why)"
					: strerror(-rc));
	config_findings_done(&findings);
	free(path);
	return rc;
}
