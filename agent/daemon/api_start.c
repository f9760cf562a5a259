/* SPDX-License-Identifier: MIT */
#include "agent/daemon/api_start.h"

#include <errno.h>

#include "agent/daemon/account.h"
#include "agent/daemon/calls.h"
#include "agent/http/admin_socket.h"
#include "agent/http/passed_socket.h"
#include "agent/model/rights.h"
#include "lib/log.h"

static int listen_at(const struct agent *a, const struct endpoint *at, bool read_only,
		     struct err *err)
{
	char text[ENDPOINT_TEXT_MAX];
	int rc = api_listen(a->api, at, read_only, err);
	if (rc == 0)
		log_info("api", "listening on %s%s%s",
			 !read_only && passed_socket_is_there() ? "the socket that was passed"
								: endpoint_format(at, text),
			 a->config->tls_keys && !at->unix_path[0] ? ", TLS" : "",
			 read_only ? ", for reading only" : "");
	if (rc == -EACCES && !at->unix_path[0]) {
		log_error("api", "%s; continuing without it", err->text);
		return 0;
	}
	return rc;
}

/* An agent without it is still asked over listen_addr. */
static void listen_admin(const struct agent *a)
{
	struct err err = { "" };
	char buf[108];
	const char *directory = admin_socket_directory(buf);
	if (api_listen_admin(a->api, directory, &err) < 0)
		log_warn("api", "no admin socket: %s", err.text);
	else
		log_info("api", "admin socket in %s", directory);
}

void api_prepare(const struct config *c)
{
	struct child_user *user = NULL;
	struct err err;
	char buf[108];
	if (!c->agent.user || account_find("agent.user", c->agent.user, &user, &err) < 0 || !user)
		return;
	admin_socket_prepare(admin_socket_directory(buf), user->uid, user->gid);
	account_free(user);
}

int api_start(struct agent *a, struct err *err)
{
	static const struct api_callbacks callbacks = { calls_answer, calls_is_vip };
	char text[RIGHTS_TEXT_MAX];
	const struct config_agent *c = &a->config->agent;
	a->api = api_new(a->loop, &c->api, &callbacks, a);
	if (a->config->tls_keys)
		api_set_tls(a->api, a->config->tls_keys);
	int rc = listen_at(a, &c->listen_addr, false, err);
	if (rc == 0 && (c->read_addr.port > 0 || c->read_addr.unix_path[0]))
		rc = listen_at(a, &c->read_addr, true, err);
	if (rc < 0)
		return rc;
	listen_admin(a);
	log_info("api", "access: %s", rights_describe(&c->api, text));
	return 0;
}
