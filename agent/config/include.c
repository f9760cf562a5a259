/* SPDX-License-Identifier: MIT */
#include "agent/config/include.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/parse.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- one file ---- */

/* Up to one byte more than is allowed; the parser says so then. */
static int read_all(int fd, size_t expected, char **ret, size_t *ret_len)
{
	char *data = NULL;
	size_t len = 0, cap = 0;
	if (expected > 0 && expected <= CONFIG_FILE_MAX)
		data = mem_grow(NULL, &cap, expected + 4097, 1);
	for (ssize_t n = 1; n != 0 && len <= CONFIG_FILE_MAX;) {
		data = mem_grow(data, &cap, len + 4096, 1);
		n = read(fd, data + len, cap - len);
		if (n < 0 && errno != EINTR) {
			int code = -errno;
			free(data);
			return code;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	*ret = data;
	*ret_len = len;
	return 0;
}

static int read_file(struct config_text *text, bool regular)
{
	struct stat st;
	char *data = NULL;
	size_t len = 0;
	int fd = open(text->file, O_RDONLY | O_CLOEXEC | (regular ? O_NONBLOCK : 0));
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && regular && !S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (r == 0)
		r = read_all(fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : 0, &data, &len);
	close(fd);
	if (r < 0)
		return r;
	text->world_readable = st.st_mode & S_IROTH;
	config_text_set(text, data, len);
	return 0;
}

int config_text_read(struct config_text *text, struct config_findings *findings)
{
	int r = read_file(text, findings->file);
	if (r < 0)
		config_error(findings, config_at_line(0, 0), "cannot be read: %s",
			     r == -EINVAL ? "no regular file" : strerror(-r));
	return r;
}

/* ---- finding them ---- */

struct names {
	char **items;
	size_t n, cap;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* -ENOSPC: more than CONFIG_INCLUDE_MAX. */
static int list_names(const char *directory, const char *pattern, struct names *ret)
{
	const struct dirent *entry;
	int r = 0;
	DIR *dir = opendir(directory);
	if (!dir)
		return -errno;
	/* cppcheck-suppress readdirCalled; there is one thread */
	while (r == 0 && (entry = readdir(dir))) {
		if (fnmatch(pattern, entry->d_name, FNM_PERIOD) != 0)
			continue;
		r = ret->n == CONFIG_INCLUDE_MAX ? -ENOSPC : 0;
		ret->items = mem_grow(ret->items, &ret->cap, ret->n + 1, sizeof(*ret->items));
		ret->items[ret->n++] = mem_strdup(entry->d_name);
	}
	closedir(dir);
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
	return r;
}

static void add_names(const char *directory, const struct names *names, const char *file,
		      const struct config_node *node, struct config_set *ret,
		      struct config_findings *findings)
{
	char path[PATH_MAX];
	bool here = str_equal(directory, ".") && !str_starts(node->text, "./") &&
		    !str_starts(file, "./");
	for (size_t i = 0; i < names->n; i++) {
		int n = snprintf(path, sizeof(path), "%s%s%s", here ? "" : directory,
				 here ? "" : "/", names->items[i]);
		if (n < 0 || (size_t)n >= sizeof(path) || strchr(path, '\n'))
			config_error(findings, config_at(node),
				     "the name '%.100s…' is too long or has a line break in it",
				     path);
		else if (str_equal(path, file))
			config_error(findings, config_at(node),
				     "'%.200s' matches this file itself: put the included files "
				     "into a directory of their own, such as conf.d/*.yaml",
				     node->text);
		else
			config_set_add(ret, path);
	}
}

/* "DIRECTORY/PATTERN"; a relative one behind the directory of the file. */
static int split(const char *file, const char *pattern, char directory[static PATH_MAX],
		 const char **ret_last)
{
	char whole[PATH_MAX];
	const char *base = pattern[0] == '/' ? NULL : strrchr(file, '/');
	int n = snprintf(whole, sizeof(whole), "%.*s%s", base ? (int)(base + 1 - file) : 0, file,
			 pattern);
	if (n < 0 || (size_t)n >= sizeof(whole))
		return -ENAMETOOLONG;
	const char *slash = strrchr(whole, '/'), *last = strrchr(pattern, '/');
	*ret_last = last ? last + 1 : pattern;
	if (!slash)
		return str_copy(directory, PATH_MAX, ".");
	/* "/" itself stays. */
	snprintf(directory, PATH_MAX, "%.*s", slash == whole ? 1 : (int)(slash - whole), whole);
	return 0;
}

void config_include_find(const char *file, const char *pattern, const struct config_node *node,
			 struct config_set *ret, struct config_findings *findings)
{
	char directory[PATH_MAX];
	const char *last;
	struct names names = { 0 };
	if (split(file, pattern, directory, &last) < 0 || !*last || strpbrk(directory, "*?[")) {
		config_error(findings, config_at(node),
			     "'%.200s' is not a name of files in one directory, expected such as "
			     "conf.d/*.yaml",
			     pattern);
		return;
	}
	int r = list_names(directory, last, &names);
	if (r == -ENOSPC)
		config_error(findings, config_at(node), "'%.200s' matches more than %d files",
			     pattern, CONFIG_INCLUDE_MAX);
	else if (r < 0)
		config_error(findings, config_at(node), "the directory '%.200s' cannot be read: %s",
			     directory, strerror(-r));
	else
		add_names(directory, &names, file, node, ret, findings);
	for (size_t i = 0; i < names.n; i++)
		free(names.items[i]);
	free(names.items);
}
