/* SPDX-License-Identifier: MIT */
/* `vipherald check`: files on file systems of the network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/remote_files.h"
#include "lib/array.h"
#include "lib/remote_fs.h"

static void names(void **state)
{
	(void)state;
	static const struct {
		uint32_t type;
		const char *name;
	} cases[] = {
		{ NFS_SUPER_MAGIC, "nfs" },
		{ CIFS_SUPER_MAGIC, "cifs" },
		{ SMB2_SUPER_MAGIC, "smb" },
		{ FUSE_SUPER_MAGIC, "fuse" },
		{ V9FS_MAGIC, "9p" },
		{ CEPH_SUPER_MAGIC, "ceph" },
		{ AUTOFS_SUPER_MAGIC, "autofs" },
		{ SMB_SUPER_MAGIC, "smb" },
		{ AFS_SUPER_MAGIC, "afs" },
		{ AFS_FS_MAGIC, "afs" },
		{ CODA_SUPER_MAGIC, "coda" },
		{ 0x0bd00bd0, "lustre" },
		{ 0x47504653, "gpfs" },
		{ OCFS2_SUPER_MAGIC, "ocfs2" },
		{ 0x01161970, "gfs2" },
		{ 0x786f4256, "vboxsf" },
		{ EXT4_SUPER_MAGIC, NULL },
		{ TMPFS_MAGIC, NULL },
		{ OVERLAYFS_SUPER_MAGIC, NULL },
		{ XFS_SUPER_MAGIC, NULL },
		{ BTRFS_SUPER_MAGIC, NULL },
		{ PROC_SUPER_MAGIC, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = remote_fs_name(cases[i].type);
		if (!cases[i].name != !name || (name && strcmp(name, cases[i].name) != 0))
			fail_msg("%#x: %s", cases[i].type, name ? name : "local");
	}
}

static void files_of_this_host(void **state)
{
	(void)state;
	static const char *const paths[] = { "/", "/proc/self/status", "/dev/shm/x",
					     "/no/such/dir/x" };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (remote_fs_at(paths[i]))
			fail_msg("%s: %s", paths[i], remote_fs_at(paths[i]));
}

static const char *below_net(const char *path)
{
	return strncmp(path, "/net/", 5) == 0 ? "nfs" : NULL;
}

static const char text[] =
	"bgp: { local_as: 65001, peer_ip: 10.0.0.1, peer_as: 65000 }\n"
	"agent: { disable_file: /net/off }\n"
	"apps:\n"
	"- { name: a, vip: 192.0.2.1/32, monitors: [ \"file:/net/ok\", \"file:/run/ok\" ] }\n"
	"- { name: b, vip: 192.0.2.2/32, disable_file: /net/b, monitors: [ \"file:!/net/no\", "
	"\"process:/net/b.pid\", \"process:b\", \"exec:test -e /net/ok\" ] }\n"
	"- { name: c, vip: 192.0.2.3/32, disable_file: /run/c, monitors: [ \"port:tcp:80\" ] }\n";

#define SILENT                                                                                     \
	" is on a file system of type nfs: while its server is silent, the agent stands still, "   \
	"BGP "                                                                                     \
	"included; "
#define ON_DISK "use a file on a disk of this host\n"
#define BY_COMMAND                                                                                 \
	"check it by a command, as exec:test -e PATH, which the agent does not wait for\n"

static void what_is_asked_in_the_loop_is_named(void **state)
{
	(void)state;
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	char *output = NULL;
	size_t len;
	assert_int_equal(config_load_text(text, strlen(text), &config, &findings), 0);
	FILE *out = open_memstream(&output, &len);
	assert_int_equal(remote_files_warn(config, below_net, "x.yaml", out), 5);
	fclose(out);
	assert_string_equal(
		output, "x.yaml: warning: agent.disable_file: '/net/off'" SILENT ON_DISK
			"x.yaml: warning: app a: monitors: 'file:/net/ok'" SILENT BY_COMMAND
			"x.yaml: warning: app b: disable_file: '/net/b'" SILENT ON_DISK
			"x.yaml: warning: app b: monitors: 'file:!/net/no'" SILENT BY_COMMAND
			"x.yaml: warning: app b: monitors: 'process:/net/b.pid'" SILENT BY_COMMAND);
	free(output);
	config_free(config);
	config_findings_done(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(files_of_this_host),
		cmocka_unit_test(what_is_asked_in_the_loop_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
