/* SPDX-License-Identifier: MIT */
#include "agent/cli/remote_files.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/remote_fs.h"
#include "lib/str.h"

static const char on_disk[] = "use a file on a disk of this host";
static const char by_command[] =
	"check it by a command, as exec:test -e PATH, which the agent does not wait for";

static bool is_of_the_root(const char *path)
{
	struct stat root, st;
	return stat("/", &root) == 0 && stat(path, &st) == 0 && root.st_dev == st.st_dev;
}

const char *remote_fs_at(const char *path)
{
	struct statfs fs;
	char at[PATH_MAX];
	if (str_copy(at, sizeof(at), path) < 0)
		return NULL;
	while (statfs(at, &fs) < 0) {
		char *slash = strrchr(at, '/');
		if (!slash || slash == at)
			return NULL;
		*slash = 0;
	}
	const char *name = remote_fs_name((uint32_t)fs.f_type);
	return name && !is_of_the_root(at) ? name : NULL;
}

struct search {
	remote_fs_at_fn *at;
	const char *file;
	FILE *out;
	size_t found;
};

static void inspect_path(struct search *s, const char *where, const char *what, const char *path,
			 const char *advice)
{
	const char *fs = s->at(path);
	if (!fs)
		return;
	fprintf(s->out,
		"%s: warning: %s: '%s' is on a file system of type %s: while its server is silent, "
		"the agent stands still, BGP included; %s\n",
		s->file, where, what, fs, advice);
	s->found++;
}

static void inspect_app(struct search *s, const struct app_spec *app)
{
	char where[APP_NAME_MAX + 32];
	snprintf(where, sizeof(where), "app %s: disable_file", app->name);
	if (app->disable_file)
		inspect_path(s, where, app->disable_file, app->disable_file, on_disk);
	snprintf(where, sizeof(where), "app %s: monitors", app->name);
	for (size_t i = 0; i < app->n_monitors; i++) {
		const struct monitor_spec *m = &app->monitors[i];
		const char *path = monitor_spec_argument(m);
		if (m->kind->access != MONITOR_READS_HOST || !path)
			continue;
		path += path[0] == '!';
		if (path[0] == '/')
			inspect_path(s, where, m->text, path, by_command);
	}
}

size_t remote_files_warn(const struct config *c, remote_fs_at_fn *at, const char *file, FILE *out)
{
	const char *path = c->agent.disable_file;
	struct search s = { .at = at, .file = file, .out = out };
	if (path)
		inspect_path(&s, "agent.disable_file", path, path, on_disk);
	for (size_t i = 0; i < c->n_apps; i++)
		inspect_app(&s, &c->apps[i]);
	return s.found;
}
