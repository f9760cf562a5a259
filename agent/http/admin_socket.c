/* SPDX-License-Identifier: MIT */
#include "agent/http/admin_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/http/socket.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/unit_directory.h"

#define DEFAULT_DIRECTORY "/run/vipherald"
#define SOCKET_PREFIX     "api-"
#define SOCKET_SUFFIX     ".sock"

struct admin_link {
	char *path; /* of the link */
	char *name; /* its target, when it is ours */
	char directory[PATH_MAX];
};

const char *admin_socket_directory(char buf[static 108])
{
	return unit_directory("RUNTIME_DIRECTORY", DEFAULT_DIRECTORY, buf, 108);
}

static char *joined(const char *directory, const char *name)
{
	char *path;
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return path;
}

static int make_directory(const char *directory)
{
	if (mkdir(directory, 0755) < 0)
		return -errno;
	chmod(directory, 0755); /* whatever the umask */
	return 0;
}

/* Is the socket of a living agent in it? Also when that cannot be told. */
static bool is_in_use(const char *directory)
{
	DIR *dir = opendir(directory);
	bool in_use = !dir;
	if (!dir)
		return true;
	/* cppcheck-suppress readdirCalled ; one thread */
	for (const struct dirent *entry; !in_use && (entry = readdir(dir));) {
		char *path = joined(directory, entry->d_name);
		in_use = str_starts(entry->d_name, SOCKET_PREFIX) && api_socket_is_alive(path);
		free(path);
	}
	closedir(dir);
	return in_use;
}

/* One that an earlier start or the service manager made for root. Who owns it may replace the
 * sockets in it, so that it stays root's while an agent of root uses it. */
static void hand_over(const char *directory, uid_t uid, gid_t gid)
{
	struct stat st;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	    !is_in_use(directory))
		(void)!fchown(fd, uid, gid);
	close(fd);
}

/* A failure shows when the socket is made. */
void admin_socket_prepare(const char *directory, uid_t uid, gid_t gid)
{
	int rc = make_directory(directory);
	if (rc == -EEXIST)
		hand_over(directory, uid, gid);
	else if (rc == 0 && chown(directory, uid, gid) < 0)
		rmdir(directory);
}

static int check_directory(const char *directory, struct err *err)
{
	struct stat st;
	int rc = make_directory(directory);
	if (rc < 0 && rc != -EEXIST)
		return err_set(err, rc, "cannot create %s: %s", directory, strerror(-rc));
	if (lstat(directory, &st) < 0)
		return err_set(err, -errno, "%s: %s", directory, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "%s is not a directory", directory);
	unsigned us = (unsigned)geteuid(), owner = (unsigned)st.st_uid;
	if ((owner != 0 && owner != us) || st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, -EPERM,
			       "%s: owner %u, mode %03o: others may replace what is in it; 'chown "
			       "%u %s && chmod 755 %s'",
			       directory, owner, (unsigned)st.st_mode & 0777, us, directory,
			       directory);
	if (faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS) < 0)
		return err_set(err, -errno,
			       "%s belongs to uid %u, and the agent runs as uid %u: end the agents "
			       "of uid %u that use it and 'chown %u %s', or set RuntimeDirectory= "
			       "in the unit",
			       directory, owner, us, owner, us, directory);
	return 0;
}

int admin_socket_path(const char *directory, struct endpoint *ret, struct err *err)
{
	struct stat st;
	if (stat("/proc/self/ns/net", &st) < 0)
		return err_set(err, -errno, "cannot determine the network namespace: %s",
			       strerror(errno));
	int n = snprintf(ret->unix_path, sizeof(ret->unix_path),
			 "%s/" SOCKET_PREFIX "%llu" SOCKET_SUFFIX, directory,
			 (unsigned long long)st.st_ino);
	if (n >= (int)sizeof(ret->unix_path)) {
		ret->unix_path[0] = 0;
		return err_set(err, -ENAMETOOLONG, "%s: too long for the name of a socket",
			       directory);
	}
	return 0;
}

int admin_socket_place(const char *directory, struct endpoint *ret, struct err *err)
{
	int rc = check_directory(directory, err);
	return rc < 0 ? rc : admin_socket_path(directory, ret, err);
}

/* The link */

/* "" when it is not a link. */
static void read_link(const char *path, char buf[static PATH_MAX])
{
	ssize_t n = readlink(path, buf, PATH_MAX - 1);
	buf[n > 0 ? n : 0] = 0;
}

static bool is_alive(const struct admin_link *link, const char *name)
{
	char *path = name[0] == '/' ? mem_strdup(name) : joined(link->directory, name);
	bool alive = name[0] && api_socket_is_alive(path);
	free(path);
	return alive;
}

/* Replaces the link in one step; another file of that name stays. */
static void point_to(const struct admin_link *link, const char *name)
{
	struct stat st;
	char *fresh;
	if (lstat(link->path, &st) == 0 && !S_ISLNK(st.st_mode))
		return;
	if (asprintf(&fresh, "%s.%d", link->path, (int)getpid()) < 0)
		abort(); /* out of memory, see lib/mem.h */
	unlink(fresh);
	if (symlink(name, fresh) == 0 && rename(fresh, link->path) < 0)
		unlink(fresh);
	free(fresh);
}

struct admin_link *admin_link_new(const char *path)
{
	char target[PATH_MAX];
	struct admin_link *link = mem_new(1, sizeof(*link));
	const char *slash = strrchr(path, '/');
	snprintf(link->directory, sizeof(link->directory), "%.*s", (int)(slash - path), path);
	link->name = mem_strdup(slash + 1);
	link->path = joined(link->directory, ADMIN_LINK_NAME);
	read_link(link->path, target);
	if (!is_alive(link, target))
		point_to(link, link->name);
	return link;
}

/* The name of another agent's socket; "" when there is none. */
static void find_other(const struct admin_link *link, char ret[static NAME_MAX + 1])
{
	DIR *dir = opendir(link->directory);
	ret[0] = 0;
	if (!dir)
		return;
	/* cppcheck-suppress readdirCalled ; one thread */
	for (const struct dirent *entry; !ret[0] && (entry = readdir(dir));)
		if (str_starts(entry->d_name, SOCKET_PREFIX) &&
		    !str_equal(entry->d_name, link->name) && is_alive(link, entry->d_name))
			str_copy(ret, NAME_MAX + 1, entry->d_name);
	closedir(dir);
}

void admin_link_free(struct admin_link *link)
{
	char target[PATH_MAX], other[NAME_MAX + 1];
	if (!link)
		return;
	read_link(link->path, target);
	if (str_equal(target, link->name)) {
		find_other(link, other);
		if (other[0])
			point_to(link, other);
		else
			unlink(link->path);
	}
	free(link->path);
	free(link->name);
	free(link);
}
