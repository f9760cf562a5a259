/* SPDX-License-Identifier: MIT */
#include "agent/page/sessions.h"

#include "agent/page/marks.h"
#include "agent/status/view_json.h"
#include "lib/str.h"

static size_t number(const json_t *o, const char *key)
{
	return (size_t)json_integer_value(json_object_get(o, key));
}

static void add_notification(struct html *h, const json_t *n)
{
	if (!json_is_object(n))
		return;
	html_add(h, "%s %zu/%zu %s <small>", view_member(n, "direction"), number(n, "code"),
		 number(n, "subcode"), view_member(n, "text"));
	if (number(n, "count") > 1)
		html_add(h, "%zu times, last ", number(n, "count"));
	html_add_time(h, n, "last");
	html_add(h, " ago</small>");
}

static void add_bfd(struct html *h, const json_t *bfd)
{
	const char *state = view_member(bfd, "state"), *error = view_member(bfd, "error");
	if (!json_is_object(bfd)) {
		mark_add(h, MARK_NONE, "off");
		return;
	}
	mark_add(h,
		 str_equal(state, "up")           ? MARK_GOOD
		 : str_equal(state, "admin-down") ? MARK_ODD
						  : MARK_BAD,
		 state);
	html_add(h, " <small>%s</small>", *error ? error : view_member(bfd, "last_down"));
}

/* Explains the state, by the most useful text there is. */
static const char *remark(const json_t *peer)
{
	static const char *const keys[] = { "path_error", "hint", "last_error", NULL };
	if (str_equal(view_member(peer, "state"), "established"))
		return view_member(peer, "hint");
	for (size_t i = 0; keys[i]; i++)
		if (*view_member(peer, keys[i]))
			return view_member(peer, keys[i]);
	return "";
}

void sessions_add(struct html *h, const json_t *peer)
{
	const char *state = view_member(peer, "state"), *address = view_member(peer, "address");
	bool disabled = json_is_true(json_object_get(peer, "admin_down"));
	const json_t *routes = json_object_get(peer, "routes");
	html_add(h, "<tr data-key=\"%s\"><td>", address);
	mark_add(h, mark_of_session(state, disabled), disabled ? "disabled" : state);
	html_add(h, "</td><th scope=\"row\">%s<small>AS %zu %s</small></th><td>", address,
		 number(peer, "peer_as"), view_member(peer, "description"));
	html_add_time(h, peer, "since");
	html_add(h, "</td><td>%zu sent", number(routes, "sent"));
	if (number(routes, "pending") > 0)
		html_add(h, ", %zu pending", number(routes, "pending"));
	html_add(h, "</td><td>");
	add_bfd(h, json_object_get(peer, "bfd"));
	html_add(h, "</td><td>");
	add_notification(h, json_object_get(peer, "last_notification"));
	html_add(h, "</td><td>%s</td></tr>\n", remark(peer));
}
