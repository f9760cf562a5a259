/* SPDX-License-Identifier: MIT */
#include "agent/daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/account.h"
#include "lib/log.h"
#include "lib/str.h"
#include "nat/backend.h"
#include "net/icmp_socket.h"
#include "process/capability.h"
#include "process/launcher.h"
#include "process/privilege_drop.h"

static bool is_us(const char *name)
{
	/* cppcheck-suppress getpwnamCalled ; one thread, and before the loop */
	const struct passwd *entry = getpwnam(name);
	return entry && entry->pw_uid == geteuid();
}

#define GROUPS_MAX 64 /* of a user with more, none counts but the process's own */

/* `user`: NULL for this process. */
static bool may_open_icmp(const char *user)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;
	/* cppcheck-suppress getpwnamCalled ; `check` only, one thread */
	const struct passwd *entry = user ? getpwnam(user) : NULL;
	if (entry)
		return getgrouplist(user, entry->pw_gid, groups, &n) >= 0 &&
		       icmp_socket_is_allowed(groups, (size_t)n);
	n = getgroups(GROUPS_MAX - 1, groups);
	n = n < 0 ? 0 : n;
	groups[n++] = getegid();
	return icmp_socket_is_allowed(groups, (size_t)n);
}

static struct capability_facts make_facts(const char *user, const char *of_program,
					  bool exec_user_is_us)
{
	return (struct capability_facts){
		.effective = capability_effective() | launcher_capabilities(),
		.first_free_port = capability_first_free_port(),
		.legacy = nat_iptables_legacy(),
		.icmp_is_allowed = may_open_icmp(user),
		.program_user = of_program,
		.exec_user_is_us = exec_user_is_us,
		.stays_root = !user && geteuid() == 0,
	};
}

static struct capability_facts find_facts(const struct config *c, const char *user)
{
	const char *name = c->agent.exec_user, *of_program = NULL;
	for (size_t i = 0; i < c->programs.n && !of_program; i++) {
		const char *other = c->programs.items[i].user;
		if (other && !(user ? str_equal(other, user) : is_us(other)))
			of_program = other;
	}
	return make_facts(user, of_program, name && (user ? str_equal(name, user) : is_us(name)));
}

void privileges_find(const struct config *c, const char *user, struct capability_needs *ret)
{
	const struct capability_facts facts = find_facts(c, user);
	capability_needs_find(c, &facts, ret);
}

static bool runs_as_us(const struct program_users *users, const char *name)
{
	const struct child_user *user = NULL;
	return program_users_get(users, name, &user) && (!user || user->uid == geteuid());
}

void privileges_find_again(const struct config *c, const struct child_user *exec_user,
			   const struct program_users *users, struct capability_needs *ret)
{
	const char *of_program = NULL;
	for (size_t i = 0; i < c->programs.n && !of_program; i++) {
		const char *name = c->programs.items[i].user;
		if (name && !runs_as_us(users, name))
			of_program = name;
	}
	const struct capability_facts facts =
		make_facts(NULL, of_program, exec_user && exec_user->uid == geteuid());
	capability_needs_find(c, &facts, ret);
}

static void log_held(void)
{
	char buf[256] = "";
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	for (int n = 0; n < 64; n++)
		if (capability_effective() >> n & 1)
			strbuf_add(&text, "%s%s", text.len > 0 ? ", " : "", capability_name(n));
	log_info("agent", "running as uid %u with %s", (unsigned)geteuid(),
		 text.len > 0 ? buf : "no capability");
}

int privileges_drop(const struct config *c, struct capability_needs *ret_needs, struct err *err)
{
	struct child_user *user = NULL;
	int rc = c->agent.user ? account_find("agent.user", c->agent.user, &user, err) : 0;
	if (rc < 0)
		return rc;
	const struct capability_facts facts = find_facts(c, c->agent.user);
	capability_needs_find(c, &facts, ret_needs);
	const struct privilege_drop drop = { capability_keep(c, &facts, ret_needs), user };
	if (!c->agent.drop_privileges)
		capability_clear_ambient();
	else if (user && !capability_have(CAP_SETUID))
		rc = err_set(err, -EPERM,
			     "agent.user: cannot become '%.100s' as uid %u, start as root",
			     c->agent.user, (unsigned)geteuid());
	else
		rc = privilege_drop(&drop, err);
	account_free(user);
	if (rc < 0)
		return rc;
	if (c->agent.drop_privileges)
		log_held();
	privileges_find(c, NULL, ret_needs);
	return 0;
}

static void check_readable(const struct config *c, const char *file)
{
	if (file && access(file, R_OK) < 0)
		log_warn("config", "%s: agent.user '%.100s' cannot read it again: %s", file,
			 c->agent.user, strerror(errno));
}

/* Peers share files. */
static void check_passwords(const struct config *c)
{
	const struct bgp_peer_config *peers = c->bgp.peers;
	for (size_t i = 0; i < c->bgp.n_peers; i++) {
		bool known = false;
		for (size_t j = 0; j < i && !known; j++)
			known = str_same(peers[i].password_file, peers[j].password_file);
		if (!known)
			check_readable(c, peers[i].password_file);
	}
}

static void check_consul(const struct config *c, const struct consul_config *consul)
{
	check_readable(c, consul->token_file);
	check_readable(c, consul->ca_file);
	check_readable(c, consul->cert_file);
	check_readable(c, consul->key_file);
}

void privileges_check_files(const struct config *c, const char *file)
{
	if (!c->agent.user)
		return;
	for (size_t i = 0; i < c->set.n; i++)
		check_readable(c, i > 0 ? c->set.items[i].file : file);
	check_passwords(c);
	for (size_t i = 0; i < c->agent.api.tokens.n; i++)
		check_readable(c, c->agent.api.tokens.items[i].file);
	check_consul(c, &c->agent.consul);
	check_consul(c, &c->agent.nomad);
	check_readable(c, c->agent.tls.cert);
	check_readable(c, c->agent.tls.key);
	check_readable(c, c->agent.tls.client_ca);
}

static bool has_command(const struct app_spec *spec)
{
	for (size_t i = 0; i < spec->n_monitors; i++)
		if (spec->monitors[i].kind->access == MONITOR_RUNS_COMMAND)
			return true;
	return false;
}

const char *privileges_root_commands(const struct config *c)
{
	const unsigned open_to = MONITORS_FROM_HTTP | MONITORS_FROM_HTTP_LOCAL |
				 MONITORS_FROM_CONSUL | MONITORS_FROM_NOMAD;
	bool any = c->agent.admission.exec & open_to || c->agent.hooks.n > 0;
	for (size_t i = 0; i < c->programs.n && !any; i++)
		any = c->programs.items[i].run && !c->programs.items[i].user;
	for (size_t i = 0; i < c->n_apps && !any; i++)
		any = has_command(&c->apps[i]);
	if (!any || geteuid() != 0 || c->agent.user || c->agent.exec_user)
		return NULL;
	return c->agent.admission.exec & open_to
		       ? "commands run as root, and agent.exec.allow_from accepts them from others "
			 "than this file and administrators: set agent.exec.user"
		       : "commands run as root: set agent.exec.user";
}

void privileges_report(const struct capability_needs *needs)
{
	char buf[1024];
	for (size_t i = 0; i < needs->n; i++) {
		struct strbuf text = strbuf_over(buf, sizeof(buf));
		if (!needs->items[i].missing)
			continue;
		capability_explain(&needs->items[i], &text);
		log_error("capability", "%s", buf);
	}
}
