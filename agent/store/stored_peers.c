/* SPDX-License-Identifier: MIT */
#include "agent/store/stored_peers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agent/store/state_lines.h"
#include "agent/store/store.h"
#include "lib/mem.h"
#include "process/regular_file.h"

/* With a NUL behind it; NULL: it cannot be read. */
static char *read_file(const char *path, size_t *ret_len)
{
	struct stat st;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (size_t)st.st_size > STATE_BYTES_MAX)
		return NULL;
	size_t size = (size_t)st.st_size;
	char *text = mem_new(size + 1, 1);
	ssize_t n = regular_file_read(path, O_NOFOLLOW, text, size, &st);
	if (n >= 0) {
		*ret_len = (size_t)n;
		return text;
	}
	free(text);
	return NULL;
}

void stored_peers_find(const struct config_agent *agent, struct config_added_peers *ret,
		       void *userdata)
{
	(void)userdata;
	struct state_contents contents = { 0 };
	struct err err;
	size_t len = 0;
	char *path = store_file_path(agent);
	char *text = path ? read_file(path, &len) : NULL;
	*ret = (struct config_added_peers){ 0 };
	if (text && state_decode(text, len, &contents, &err) == 0) {
		config_added_peers_of(&contents.peers, ret);
		state_contents_done(&contents);
	}
	free(text);
	free(path);
}

int stored_peers_load_config(const char *file, struct config **ret,
			     struct config_findings *findings)
{
	const struct config_source source = { .file = file, .added = stored_peers_find };
	return config_load_source(&source, ret, findings);
}
