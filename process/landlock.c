/* SPDX-License-Identifier: MIT */
/* Its library function wrappers are not in glibc. */
#include "process/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Later than the headers of Debian 12. */
#define ACCESS_REFER    (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */

#define ACCESS_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)
#define ACCESS_DIRECTORY                                                                           \
	(ACCESS_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |            \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                              \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                              \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                            \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | ACCESS_REFER)

/* Global, because it describes this process. */
static bool is_on;

static uint64_t known_to(int abi)
{
	uint64_t known = ACCESS_DIRECTORY | LANDLOCK_ACCESS_FS_EXECUTE;
	if (abi < 2)
		known &= ~ACCESS_REFER;
	if (abi < 3)
		known &= ~ACCESS_TRUNCATE;
	return known;
}

static uint64_t access_of(const struct landlock_path *path, bool is_directory)
{
	if (path->only_create)
		return LANDLOCK_ACCESS_FS_MAKE_REG;
	return is_directory ? ACCESS_DIRECTORY : ACCESS_FILE;
}

static int allow(int ruleset, uint64_t known, const struct landlock_path *path)
{
	struct stat st;
	int fd = open(path->path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return 0;
	int rc = fstat(fd, &st) < 0 ? -errno : 0;
	const struct landlock_path_beneath_attr beneath = {
		.allowed_access = known & access_of(path, S_ISDIR(st.st_mode)),
		.parent_fd = fd,
	};
	if (rc == 0 &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int make(int ruleset, uint64_t known, const struct landlock_path *paths, size_t n,
		struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = allow(ruleset, known, &paths[i]);
		if (rc < 0)
			return err_set(err, rc, "Landlock: %s: %s", paths[i].path, strerror(-rc));
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_set(err, -errno, "Landlock: %s", strerror(errno));
	return 0;
}

/* Absent: not built in (ENOSYS), off at boot (EOPNOTSUPP), or refused by the filter that we run
 * under (EPERM). */
static int find_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return abi < 0 ? 0 : (int)abi;
}

int landlock_restrict(const struct landlock_path *paths, size_t n, struct err *err)
{
	int abi = find_abi();
	if (abi == 0)
		return 0;
	const uint64_t known = known_to(abi);
	const struct landlock_ruleset_attr attr = { .handled_access_fs = known };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return err_set(err, -errno, "Landlock: %s", strerror(errno));
	int rc = make(ruleset, known, paths, n, err);
	close(ruleset);
	is_on = rc == 0;
	return rc < 0 ? rc : abi;
}

bool landlock_is_on(void)
{
	return is_on;
}
