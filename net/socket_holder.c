/* SPDX-License-Identifier: MIT */
#include "net/socket_holder.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/str.h"
#include "net/nlsock.h"
#include "process/proc_file.h"

#define STATE_LISTEN 10 /* include/net/tcp_states.h of the kernel */

#ifndef UDIAG_SHOW_UID /* Linux 4.21 */
#define UDIAG_SHOW_UID 0x40
#define UNIX_DIAG_UID  7
#endif

/* ---- the process ---- */

/* Does the process have the socket open? */
static bool has_socket(const char *pid, uint32_t inode)
{
	char path[300], link[64], wanted[32];
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	DIR *dir = opendir(path);
	bool found = false;
	// cppcheck-suppress readdirCalled ; one thread
	for (const struct dirent *d; dir && !found && (d = readdir(dir));) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, d->d_name);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = 0;
		found = str_equal(link, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void read_comm(struct socket_holder *h)
{
	char path[64];
	size_t len;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)h->pid);
	char *text = proc_file_read(path, sizeof(h->comm), &len);
	if (text)
		str_printable(h->comm, sizeof(h->comm), text, strcspn(text, "\n"));
	free(text);
}

static void find_process(struct socket_holder *h)
{
	DIR *proc = opendir("/proc");
	// cppcheck-suppress readdirCalled ; one thread
	for (const struct dirent *d; proc && h->pid == 0 && (d = readdir(proc));)
		if (isdigit((unsigned char)d->d_name[0]) && has_socket(d->d_name, h->inode))
			h->pid = atoi(d->d_name);
	if (proc)
		closedir(proc);
	if (h->pid > 0)
		read_comm(h);
}

/* ---- unix sockets ---- */

struct name_search {
	const char *name;
	struct socket_holder *holder;
};

static int on_unix(const struct nlmsghdr *msg, void *userdata)
{
	struct name_search *s = userdata;
	struct socket_holder h = { .found = false };
	const struct unix_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr;
	size_t len = strlen(s->name);
	if (msg->nlmsg_type != SOCK_DIAG_BY_FAMILY || s->holder->found ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(*diag))
		return 0;
	mnl_attr_for_each(attr, msg, sizeof(*diag))
	{
		const char *value = mnl_attr_get_payload(attr);
		if (mnl_attr_get_type(attr) == UNIX_DIAG_NAME &&
		    mnl_attr_get_payload_len(attr) == len + 1 && value[0] == 0 &&
		    memcmp(value + 1, s->name, len) == 0)
			h.found = true;
		if (mnl_attr_get_type(attr) == UNIX_DIAG_UID &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) == 0) {
			h.has_uid = true;
			h.uid = mnl_attr_get_u32(attr);
		}
	}
	h.inode = diag->udiag_ino;
	if (h.found)
		*s->holder = h;
	return 0;
}

static void ask(struct nlmsghdr *request, nlsock_cb *cb, void *userdata)
{
	struct nlsock *sock;
	if (nlsock_open(NETLINK_SOCK_DIAG, NULL, &sock, NULL) < 0)
		return;
	nlsock_request(sock, request, cb, userdata);
	nlsock_free(sock);
}

void socket_holder_of_name(const char *name, struct socket_holder *ret)
{
	_Alignas(struct nlmsghdr) char buf[128];
	struct name_search search = { .name = name, .holder = ret };
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg->nlmsg_flags = NLM_F_DUMP;
	struct unix_diag_req *req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	req->sdiag_family = AF_UNIX;
	req->udiag_states = ~0U;
	req->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID;
	*ret = (struct socket_holder){ 0 };
	ask(msg, on_unix, &search);
	if (ret->found)
		find_process(ret);
}

/* ---- ports ---- */

static int on_port(const struct nlmsghdr *msg, void *userdata)
{
	struct socket_holder *h = userdata;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	if (msg->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(*diag) || h->found)
		return 0;
	*h = (struct socket_holder){
		.found = true, .has_uid = true, .uid = diag->idiag_uid, .inode = diag->idiag_inode
	};
	return 0;
}

void socket_holder_of_port(uint16_t port, struct socket_holder *ret)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[128];
	*ret = (struct socket_holder){ 0 };
	for (size_t i = 0; i < 2; i++) {
		struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
		msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		msg->nlmsg_flags = NLM_F_DUMP;
		struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
		req->sdiag_family = families[i];
		req->sdiag_protocol = IPPROTO_TCP;
		req->idiag_states = 1U << STATE_LISTEN;
		req->id.idiag_sport = htons(port);
		ask(msg, on_port, ret);
	}
	if (ret->found)
		find_process(ret);
}

const char *socket_holder_format(const struct socket_holder *h,
				 char buf[static SOCKET_HOLDER_TEXT_MAX])
{
	struct strbuf text = strbuf_over(buf, SOCKET_HOLDER_TEXT_MAX);
	/* cppcheck-suppress getpwuidCalled ; one thread, and before the loop */
	const struct passwd *user = h->has_uid ? getpwuid(h->uid) : NULL;
	if (h->pid > 0)
		strbuf_add(&text, "process %d (%s)", (int)h->pid, h->comm);
	else
		strbuf_add(&text, "another process");
	if (user)
		strbuf_add(&text, " of user %.32s (uid %u)", user->pw_name, (unsigned)h->uid);
	else if (h->has_uid)
		strbuf_add(&text, " of uid %u", (unsigned)h->uid);
	return buf;
}
