/* SPDX-License-Identifier: MIT */
/*
 * Any client can reach the API, as with GoCast, so everything is bounded: connections, in all and
 * from one address (agent/http/slots.h), the time that one may be idle and that its request may
 * take, the memory of one (which bounds the headers: longer ones get 431), the length of a URL and
 * its parameters, and the body, which is dropped.
 */
#include "agent/http/api.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "agent/http/api_data.h"
#include "agent/http/deferred.h"
#include "agent/http/listener.h"
#include "agent/http/passed_socket.h"
#include "agent/http/socket.h"
#include "lib/mem.h"

/* Of a unix socket that is agent.listen_addr or agent.read_addr: the group of the agent. */
#define API_SOCKET_MODE 0660
/* The credentials of a client decide, not the mode. */
#define ADMIN_SOCKET_MODE 0666

/* Listeners */

static void wake_all(struct api *api)
{
	list_for_each (it, &api->listeners)
		listener_wake(list_entry(it, struct listener, node));
}

static void resume(struct api *api, enum api_defer kind, uint64_t up_to, bool stored)
{
	if (!api)
		return;
	deferred_resume(&api->deferred, kind, up_to, stored);
	wake_all(api);
}

void api_send_stored(struct api *api, uint64_t up_to, bool stored)
{
	resume(api, API_DEFER_STORED, up_to, stored);
}

static void send_answer(struct api *api, enum api_defer kind, uint64_t up_to, unsigned status,
			const char *body)
{
	if (!api)
		return;
	deferred_answer(&api->deferred, kind, up_to, status, body);
	wake_all(api);
}

void api_send_later(struct api *api, uint64_t up_to, unsigned status, const char *body)
{
	send_answer(api, API_DEFER_LATER, up_to, status, body);
}

void api_send_compared(struct api *api, uint64_t up_to, unsigned status, const char *body)
{
	send_answer(api, API_DEFER_COMPARED, up_to, status, body);
}

void api_send_checked(struct api *api, uint64_t number, unsigned status, const char *body)
{
	send_answer(api, API_DEFER_CHECKED, number, status, body);
}

void api_send_fleet(struct api *api, uint64_t number, unsigned status, const char *body)
{
	send_answer(api, API_DEFER_FLEET, number, status, body);
}

void api_send_forecast(struct api *api, uint64_t number, unsigned status, const char *body)
{
	send_answer(api, API_DEFER_FORECAST, number, status, body);
}

void api_retry(struct api *api)
{
	resume(api, API_DEFER_RETRY, 0, false);
}

static int add(struct api *api, const struct api_socket *socket, const struct gate_door *door,
	       struct err *err)
{
	static const struct listener_callbacks callbacks = { api_on_request, api_on_completed,
							     api_on_url };
	struct listener *listener;
	int rc = listener_new(api->loop, socket, door, api->refusals, &callbacks, api, &listener,
			      err);
	if (rc == 0)
		list_append(&api->listeners, &listener->node);
	return rc;
}

static bool is_tcp(int fd)
{
	int domain = AF_UNIX;
	socklen_t len = sizeof(domain);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain != AF_UNIX;
}

void api_set_tls(struct api *api, struct tls_keys *keys)
{
	if (api->tls)
		tls_set_keys(api->tls, keys);
	else
		api->tls = tls_new(keys);
}

int api_listen(struct api *api, const struct endpoint *at, bool read_only, struct err *err)
{
	struct api_socket socket = { .fd = -1 };
	int rc = !read_only && passed_socket_is_there()
			 ? passed_socket_get(&socket.fd, err)
			 : api_socket_open(at, API_SOCKET_MODE, &socket, err);
	if (rc < 0)
		return rc;
	const struct gate_door door = { read_only, at->addr, is_tcp(socket.fd) ? api->tls : NULL };
	return add(api, &socket, &door, err);
}

int api_listen_admin(struct api *api, const char *directory, struct err *err)
{
	struct endpoint at = { 0 };
	struct api_socket socket;
	int rc = admin_socket_place(directory, &at, err);
	if (rc == 0)
		rc = api_socket_open(&at, ADMIN_SOCKET_MODE, &socket, err);
	if (rc == 0)
		rc = add(api, &socket, &(struct gate_door){ 0 }, err);
	if (rc == 0)
		api->admin_link = admin_link_new(at.unix_path);
	return rc;
}

/* As for a request that comes in now. */
static bool may_read(const struct listener *listener, struct MHD_Connection *conn, void *userdata)
{
	const struct api *api = userdata;
	struct api_call probe = { .kind = API_EVENTS, .needs = ROLE_READ };
	gate_check(api->gate, &listener->door, conn, false, &probe);
	return probe.kind != API_ERROR;
}

void api_set_rules(struct api *api, const struct api_rules *rules, struct tokens *tokens)
{
	gate_set_rules(api->gate, rules, tokens);
	followers_review(api->followers, may_read, api);
}

void api_wake_followers(struct api *api)
{
	if (api)
		followers_wake(api->followers);
}

const struct api_counts *api_counts(const struct api *api)
{
	struct api_counts *counts = refusals_counts(api->refusals);
	counts->followers = followers_count(api->followers);
	return counts;
}

/* Life */

struct api *api_new(sd_event *loop, const struct api_rules *rules,
		    const struct api_callbacks *callbacks, void *userdata)
{
	struct api *api = mem_new(1, sizeof(*api));
	api->loop = loop;
	api->callbacks = *callbacks;
	api->userdata = userdata;
	api->refusals = refusals_new(loop);
	api->gate = gate_new(rules, api->refusals, callbacks->is_vip, userdata);
	list_init(&api->listeners);
	list_init(&api->deferred);
	api->followers = followers_new(loop);
	return api;
}

#define STOPPING "{\"error\": \"vipherald is stopping\"}\n"

void api_free(struct api *api)
{
	if (!api)
		return;
	api->closing = true;
	resume(api, API_DEFER_STORED, UINT64_MAX, false);
	resume(api, API_DEFER_RETRY, UINT64_MAX, false);
	api_send_later(api, UINT64_MAX, 503, STOPPING);
	api_send_compared(api, UINT64_MAX, 503, STOPPING);
	followers_end(api->followers);
	list_for_each (it, &api->listeners) {
		struct listener *listener = list_entry(it, struct listener, node);
		listener_run_last(listener);
		listener_free(listener);
	}
	admin_link_free(api->admin_link);
	gate_free(api->gate);
	refusals_free(api->refusals);
	tls_free(api->tls);
	followers_free(api->followers);
	free(api);
}
