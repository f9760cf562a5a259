/* SPDX-License-Identifier: MIT */
#include "lib/remote_fs.h"

#include <stddef.h>

#include "lib/array.h"

/* linux/magic.h, and those that are in the sources of the kernel or of the file system alone. */
static const struct {
	uint32_t type;
	const char *name;
} remote[] = {
	{ 0x6969, "nfs" },       { 0xff534d42, "cifs" },   { 0xfe534d42, "smb" },
	{ 0x517b, "smb" },       { 0x65735546, "fuse" },   { 0x01021997, "9p" },
	{ 0x00c36400, "ceph" },  { 0x5346414f, "afs" },    { 0x6b414653, "afs" },
	{ 0x73757245, "coda" },  { 0x0bd00bd0, "lustre" }, { 0x47504653, "gpfs" },
	{ 0x7461636f, "ocfs2" }, { 0x01161970, "gfs2" },   { 0x786f4256, "vboxsf" },
	{ 0x0187, "autofs" },
};

const char *remote_fs_name(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(remote); i++)
		if (remote[i].type == type)
			return remote[i].name;
	return NULL;
}
