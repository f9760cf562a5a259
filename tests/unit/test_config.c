/* SPDX-License-Identifier: MIT */
/*
 * Loading of configurations. tests/config/valid and tests/config/invalid hold a file for each
 * form, and next to it, as NAME.expected, every finding and, when it is valid, every value
 * that comes out. With UPDATE_EXPECTED set in the environment these are written again, for reading
 * them with `git diff`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/cli/cmd_check.h"
#include "agent/config/config.h"
#include "agent/config/findings.h"
#include "agent/config/parse.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/str.h"
#include "net/subnets.h"
#include "tests/unit/own_netns.h"

/* ---- a configuration as text ---- */

static const char *text_or_dash(const char *text)
{
	return text ? text : "-";
}

static const char *span(span_t usec)
{
	static char bufs[8][DURATION_TEXT_MAX]; /* enough for one printf */
	static unsigned next;
	return duration_format(usec, bufs[next++ % 8]);
}

static void print_communities(FILE *out, const struct bgp_communities *c)
{
	char buf[COMMUNITY_TEXT_MAX];
	fprintf(out, " communities=");
	for (size_t i = 0; i < c->n; i++)
		fprintf(out, "%s%s", i > 0 ? "," : "", community_format(c->values[i], buf));
}

/* Only the keys that are set: the other files would all repeat the defaults. */
static void print_consul(FILE *out, const struct consul_config *c)
{
	const struct {
		const char *key, *text, *unsaid;
	} texts[] = {
		{ "token_file", c->token_file, NULL },
		{ "ca", c->ca_file, NULL },
		{ "cert", c->cert_file, NULL },
		{ "key", c->key_file, NULL },
		{ "verify", c->tls_verify ? "yes" : "no", "yes" },
		{ "datacenter", c->datacenter, NULL },
		{ "namespace", c->namespace, NULL },
		{ "partition", c->partition, NULL },
		{ "match_tag", c->match_tag, "enable_gocast" },
		{ "warning", c->warning_fails ? "fail" : "pass", "pass" },
		{ "max_stale", span(c->max_stale), "0s" },
		{ "publish", c->publish ? "yes" : "no", "no" },
	};
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].text &&
		    (!texts[i].unsaid || !str_equal(texts[i].text, texts[i].unsaid)))
			fprintf(out, "%s%s=%s", n++ ? " " : "consul: ", texts[i].key,
				texts[i].text);
	if (n > 0)
		fprintf(out, "\n");
}

static void print_vips(FILE *out, const struct vip_policy *p)
{
	char text[PREFIX_TEXT_MAX];
	if (p->allow.n == 0)
		return;
	fprintf(out, "vips: max=%u min_length=%u/%u strict=%d", p->max, p->min_length.v4,
		p->min_length.v6, p->strict);
	for (size_t i = 0; i < p->allow.n; i++)
		fprintf(out, " %s", prefix_format(&p->allow.items[i], text));
	print_communities(out, &p->communities);
	fprintf(out, "\n");
}

static void print_agent(FILE *out, const struct config_agent *a)
{
	char at[ENDPOINT_TEXT_MAX];
	fprintf(out,
		"agent: listen_addr=%s monitor_interval=%s cleanup_timer=%s consul_addr=%s "
		"consul_query_interval=%s consul_token=%s\n",
		endpoint_format(&a->listen_addr, at), span(a->monitor_timing.interval),
		span(a->cleanup_timer), text_or_dash(a->consul.addr),
		span(a->consul.query_interval), text_or_dash(a->consul.token));
	print_consul(out, &a->consul);
	if (a->admission.exec || a->exec_user)
		fprintf(out, "exec: from=%x user=%s\n", a->admission.exec,
			text_or_dash(a->exec_user));
	for (char *const *name = a->exec_env; name && *name; name++)
		fprintf(out, "exec.env: %s\n", *name);
	print_vips(out, &a->vips);
	if (a->traffic)
		fprintf(out, "traffic: drain_until=%u\n", a->drain_until);
	for (size_t i = 0; i < a->metrics_of.n; i++)
		fprintf(out, "metrics.per_app: %s\n", a->metrics_of.names[i]);
	if (a->admission.others)
		fprintf(out, "monitors: from=%x\n", a->admission.others);
	if (a->state_file)
		fprintf(out, "state_file=%s\n", *a->state_file ? a->state_file : "off");
	if (a->disable_file || a->keep_last_window || a->shutdown_drain)
		fprintf(out,
			"drain: drain_time=%s shutdown_drain=%d disable_file=%s "
			"keep_last_window=%s\n",
			span(a->drain_time), a->shutdown_drain, text_or_dash(a->disable_file),
			span(a->keep_last_window));
}

static void print_bgp(FILE *out, const struct config *c)
{
	char at[ENDPOINT_TEXT_MAX], id[ADDR_TEXT_MAX];
	struct addr router_id = addr_v4(c->bgp.router_id);
	unsigned family = c->gateway_family == AF_INET6 ? 6 : c->gateway_family == AF_INET ? 4 : 0;
	fprintf(out, "bgp: local_as=%u router_id=%s listen=%s origin=%d family=%u", c->bgp.local_as,
		addr_format(&router_id, id),
		c->bgp.listen ? endpoint_format(&c->bgp.listen_at, at) : "no", (int)c->bgp.origin,
		family);
	print_communities(out, &c->bgp.communities);
	fprintf(out, "\n");
}

static void print_bfd(FILE *out, const struct bgp_bfd_config *b)
{
	static const char *const hops[] = { "", " single-hop", " multihop" };
	if (!b->on)
		return;
	fprintf(out, " bfd=%s*%u", span(b->interval), b->multiplier);
	if (b->min_receive)
		fprintf(out, "/%s", span(b->min_receive));
	fprintf(out, "%s%s%s", hops[b->hops], b->passive ? " passive" : "",
		b->required ? " required" : "");
	if (b->min_ttl)
		fprintf(out, " min_ttl=%u", b->min_ttl);
	if (b->auth)
		fprintf(out, " auth=%d:%u:%s", (int)b->auth, b->key_id, b->password);
}

static void print_peer(FILE *out, const struct bgp_peer_config *p)
{
	char addr[ADDR_TEXT_MAX], ip[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX];
	fprintf(out, "peer: %s%s%s port=%u as=%u local_ip=%s local_ip6=%s",
		addr_format(&p->addr, addr), p->ifname[0] ? "%" : "", p->ifname, p->port,
		p->peer_as, addr_format(&p->local_ip, ip), addr_format(&p->local_ip6, ip6));
	fprintf(out, "%s%s%s", p->multi_hop ? " multi_hop" : "",
		p->ttl_security ? " ttl_security" : "", p->passive ? " passive" : "");
	fprintf(out,
		" password=%s hold_time=%s keepalive=%s send_hold_time=%s connect_retry=%s..%s",
		text_or_dash(p->password), span(p->hold_time), span(p->keepalive),
		span(p->send_hold_time), span(p->connect_retry), span(p->connect_retry_max));
	if (addr_is_set(&p->next_hop) || addr_is_set(&p->next_hop6))
		fprintf(out, " next_hop=%s next_hop6=%s", addr_format(&p->next_hop, ip),
			addr_format(&p->next_hop6, ip6));
	if (p->multihop_ttl || p->families)
		fprintf(out, " multihop_ttl=%u families=%u", p->multihop_ttl, p->families);
	if (p->role || p->role_strict)
		fprintf(out, " role=%s%s", bgp_role_name(p->role), p->role_strict ? " strict" : "");
	if (p->weight.given || p->link_bandwidth)
		fprintf(out, " weight=%u:%d", p->weight.value, (int)p->link_bandwidth);
	if (p->unnumbered)
		fprintf(out, " unnumbered");
	if (p->as_rule != BGP_AS_IS)
		fprintf(out, " as_rule=%d", (int)p->as_rule);
	if (p->local_as)
		fprintf(out, " local_as=%u", p->local_as);
	if (p->description)
		fprintf(out, " description=%s", p->description);
	if (p->graceful_restart)
		fprintf(out, " graceful_restart=%s", span(p->restart_time));
	if (p->long_lived_restart_time)
		fprintf(out, " long_lived=%s", span(p->long_lived_restart_time));
	print_bfd(out, &p->bfd);
	print_communities(out, &p->communities);
	fprintf(out, "\n");
}

static void print_program(FILE *out, const struct program_spec *p)
{
	char text[PREFIX_TEXT_MAX];
	fprintf(out, "process: %s %s", p->name, p->is_line ? "line" : "list");
	for (char *const *word = p->run; word && *word; word++)
		fprintf(out, " '%s'", *word);
	fprintf(out, " fifo=%s user=%s encoder=%d on_exit=%d respawn=%d max_routes=%u",
		text_or_dash(p->fifo), text_or_dash(p->user), (int)p->encoder, (int)p->on_exit,
		p->respawn, p->max_routes);
	for (char *const *name = p->env; name && *name; name++)
		fprintf(out, " %s", *name);
	for (size_t i = 0; i < p->allow.n; i++)
		fprintf(out, " %s", prefix_format(&p->allow.items[i], text));
	fprintf(out, "\n");
}

static void print_monitor(FILE *out, const struct monitor_spec *m)
{
	const struct monitor_timing *t = &m->timing;
	fprintf(out, "\n\tmonitor: %s", m->text);
	if (t->interval || t->fast_interval || t->timeout || t->rise || t->fall)
		fprintf(out, " interval=%s fast=%s timeout=%s rise=%u fall=%u", span(t->interval),
			span(t->fast_interval), span(t->timeout), t->rise, t->fall);
	for (size_t i = 0; i < m->kind->n_options; i++) {
		const char *value = monitor_spec_option(m, i);
		if (value)
			fprintf(out, " %s='%.*s'", m->kind->options[i].name,
				(int)strcspn(value, "\r"), value);
	}
}

static void print_health(FILE *out, const struct config_agent *a)
{
	fprintf(out,
		"health: fast_interval=%s timeout=%s rise=%u fall=%u exec_max=%u "
		"hold_down=%s..%s\n",
		span(a->monitor_timing.fast_interval), span(a->monitor_timing.timeout),
		a->monitor_timing.rise, a->monitor_timing.fall, a->exec_max, span(a->hold_down),
		span(a->hold_down_max));
}

static void print_number(FILE *out, const char *name, struct bgp_number n)
{
	if (n.given)
		fprintf(out, " %s=%u", name, n.value);
}

static void print_ext(FILE *out, const struct bgp_ext_communities *c)
{
	char buf[EXT_COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < c->n; i++)
		fprintf(out, " ext=%s", ext_community_format(c->values[i], buf));
}

static void print_large(FILE *out, const struct bgp_large_communities *c)
{
	char buf[LARGE_COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < c->n; i++)
		fprintf(out, " large=%s", large_community_format(c->values[i], buf));
}

static void print_states(FILE *out, const struct announce_specs *s)
{
	static const char *const names[] = { "up", "down", "drain", "join" };
	fprintf(out, "\n\talways:");
	print_number(out, "weight", s->weight);
	print_ext(out, &s->ext_communities);
	print_large(out, &s->large_communities);
	for (size_t i = 0; i < ANNOUNCE_STATES; i++) {
		const struct announce_spec *of = &s->of[i];
		if (i == ANNOUNCE_JOIN && !of->announce)
			continue;
		fprintf(out, "\n\t%s: announce=%d", names[i], of->announce);
		print_number(out, "med", of->med);
		print_number(out, "local_pref", of->local_pref);
		print_number(out, "prepend", of->prepends);
		print_number(out, "weight", of->weight);
		print_communities(out, &of->communities);
		print_ext(out, &of->ext_communities);
		print_large(out, &of->large_communities);
	}
}

static void print_aggregate(FILE *out, const struct aggregate_spec *a)
{
	char text[PREFIX_TEXT_MAX];
	fprintf(out, "aggregate: %s min=%u%s", prefix_format(&a->prefix, text), a->min,
		a->summary_only ? " summary_only" : "");
	print_number(out, "med", a->med);
	print_number(out, "local_pref", a->local_pref);
	print_number(out, "prepend", a->prepends);
	print_number(out, "weight", a->weight);
	print_communities(out, &a->communities);
	print_ext(out, &a->ext_communities);
	print_large(out, &a->large_communities);
	for (size_t i = 0; a->peers && i < a->peers->only.n; i++)
		fprintf(out, " peer=%s", a->peers->only.items[i].text);
	for (size_t i = 0; a->peers && i < a->peers->except.n; i++)
		fprintf(out, " except=%s", a->peers->except.items[i].text);
	fprintf(out, "\n");
}

static void print_app(FILE *out, const struct app_spec *a)
{
	char vip[PREFIX_TEXT_MAX];
	fprintf(out, "app: %s (%s) vips=", a->name, app_source_name(a->source));
	for (size_t i = 0; i < a->n_vips; i++)
		fprintf(out, "%s%s", i > 0 ? "," : "", prefix_format(&a->vips[i], vip));
	print_communities(out, &a->communities);
	fprintf(out, " nats=");
	for (size_t i = 0; i < a->n_nats; i++)
		fprintf(out, "%s%u:%u:%u", i > 0 ? "," : "", a->nats[i].proto, a->nats[i].listen,
			a->nats[i].dest);
	if (a->quorum || a->hold_down || a->hold_down_max)
		fprintf(out, " quorum=%u hold_down=%s..%s", a->quorum, span(a->hold_down),
			span(a->hold_down_max));
	for (size_t i = 0; i < a->n_monitors; i++)
		print_monitor(out, &a->monitors[i]);
	if (a->group || a->disable_file)
		fprintf(out, "\n\tgroup=%s keep_last=%d disable_file=%s", text_or_dash(a->group),
			a->keep_last, text_or_dash(a->disable_file));
	if (a->announce)
		print_states(out, a->announce);
	fprintf(out, "\n");
}

static void print_config(FILE *out, const struct config *c)
{
	print_agent(out, &c->agent);
	print_health(out, &c->agent);
	if (c->nat.backend != NAT_AUTO)
		fprintf(out, "nat: backend=%s\n",
			c->nat.backend == NAT_IPTABLES ? "iptables" : "nftables");
	print_bgp(out, c);
	for (size_t i = 0; i < c->bgp.n_peers; i++)
		print_peer(out, &c->bgp.peers[i]);
	for (size_t i = 0; i < c->aggregates.n; i++)
		print_aggregate(out, &c->aggregates.items[i]);
	for (size_t i = 0; i < c->n_apps; i++)
		print_app(out, &c->apps[i]);
	for (size_t i = 0; i < c->programs.n; i++)
		print_program(out, &c->programs.items[i]);
}

/* ---- files with expectations ---- */

static char *slurp(const char *path, size_t *ret_len)
{
	char *text = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	ssize_t n = getdelim(&text, &cap, EOF, f); /* EOF is not a byte: up to the end */
	fclose(f);
	*ret_len = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		text[0] = 0;
	return text;
}

/* All findings of loading the file; allocated. */
static char *outcome_of(const char *path, bool want_valid)
{
	char *text = NULL;
	size_t len;
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	FILE *out = open_memstream(&text, &len);
	int r = config_load(path, &config, &findings);
	if (r != (want_valid ? 0 : -EINVAL) || !config == want_valid)
		fail_msg("%s: loading returned %d", path, r);
	config_findings_print(&findings, strrchr(path, '/') + 1, out);
	if (config)
		print_config(out, config);
	fclose(out);
	config_free(config);
	config_findings_done(&findings);
	return text;
}

static void replay(const char *path, bool want_valid)
{
	char expected_path[256];
	size_t len;
	snprintf(expected_path, sizeof(expected_path), "%.*s.expected", (int)(strlen(path) - 5),
		 path);
	char *outcome = outcome_of(path, want_valid);
	if (getenv("UPDATE_EXPECTED")) {
		FILE *f = fopen(expected_path, "w");
		assert_non_null(f);
		fputs(outcome, f);
		fclose(f);
	}
	char *expected = slurp(expected_path, &len);
	if (!expected)
		fail_msg("%s is not there", expected_path);
	else if (strcmp(outcome, expected) != 0)
		fail_msg("%s\nexpected:\n%s\ngot:\n%s", path, expected, outcome);
	free(outcome);
	free(expected);
}

static void replay_all(const char *pattern, bool want_valid)
{
	glob_t found;
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		chmod(found.gl_pathv[i], 0644); /* whatever the umask of the checkout was */
		replay(found.gl_pathv[i], want_valid);
	}
	globfree(&found);
}

static void valid_files(void **state)
{
	(void)state;
	replay_all("tests/config/valid/*.yaml", true);
}

static void invalid_files(void **state)
{
	(void)state;
	replay_all("tests/config/invalid/*.yaml", false);
}

/* The example must not give warnings. */
static void the_example_is_valid(void **state)
{
	(void)state;
	struct config *config = NULL;
	struct config_findings f = { 0 };
	assert_int_equal(config_load("config.example.yaml", &config, &f), 0);
	assert_int_equal(f.n, 0);
	assert_int_equal(config->n_apps, 2);
	assert_int_equal(config->bgp.n_peers, 1);
	config_free(config);
	config_findings_done(&f);
}

/* ---- the file itself ---- */

#define HEAD "bgp: { local_as: 65001, peer_as: 65000, peer_ip: 10.0.0.1"

static void write_file(char *path, const char *text, mode_t mode)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void a_secret_that_all_can_read(void **state)
{
	static const struct {
		const char *name, *text;
		mode_t mode;
		const char *path; /* of the warning, NULL for none */
	} cases[] = {
		{ "password, private", HEAD ", password: x }", 0600, NULL },
		{ "password, of a group", HEAD ", password: x }", 0640, NULL },
		{ "password, of all", HEAD ", password: x }", 0644, "bgp.password" },
		{ "no password", HEAD " }", 0644, NULL },
		{ "empty password", HEAD ", password: '' }", 0644, NULL },
		{ "token, of all", "agent: { consul_token: x }\n" HEAD " }", 0644,
		  "agent.consul_token" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[] = "/tmp/test_config.XXXXXX";
		struct config *config = NULL;
		struct config_findings f = { 0 };
		write_file(path, cases[i].text, cases[i].mode);
		assert_int_equal(config_load(path, &config, &f), 0);
		if (f.n != (cases[i].path != NULL) ||
		    (f.n > 0 && strcmp(f.items[0].path, cases[i].path) != 0))
			fail_msg("%s: %zu findings", cases[i].name, f.n);
		config_free(config);
		config_findings_done(&f);
		unlink(path);
	}
}

/* Subnets are given, as those of the host are its own. */
static void vips_on_this_host(void **state)
{
	static const struct {
		const char *vip, *says; /* NULL: nothing */
	} cases[] = {
		{ "192.0.2.1/32", "'192.0.2.1/32' is inside the subnet of interface eth7: " },
		{ "198.51.100.1/32", NULL },
		{ "10.0.0.0/8", "'10.0.0.0/8' is very wide: this host will consider all its" },
		{ "10.0.0.0/9", NULL },
		{ "'2001::/16'", "'2001::/16' is very wide: this host will consider all its" },
		{ "'2001:8000::/17'", NULL },
	};
	struct subnet subnet = { .ifname = "eth7" };
	const struct subnets subnets = { .list = &subnet, .n = 1 };
	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/24", &subnet.prefix, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		struct config *config = NULL;
		struct config_findings f = { 0 };
		int len = snprintf(text, sizeof(text),
				   "bgp: { local_as: 65001, peers: [ { peer_ip: 203.0.113.1, "
				   "peer_as: 65000 } ] }\n"
				   "apps: [ { name: a, vip: %s, monitors: 'port:tcp:1' } ]\n",
				   cases[i].vip);
		const struct config_source source = { .text = text,
						      .len = (size_t)len,
						      .subnets = &subnets };
		assert_int_equal(config_load_source(&source, &config, &f), 0);
		if (f.n != (cases[i].says ? 1 : 0) ||
		    (f.n > 0 &&
		     strncmp(f.items[0].text, cases[i].says, strlen(cases[i].says)) != 0))
			fail_msg("%s: %s", cases[i].vip, f.n > 0 ? f.items[0].text : "nothing");
		config_free(config);
		config_findings_done(&f);
	}
}

static void a_file_that_cannot_be_read(void **state)
{
	static const struct {
		const char *path;
		int error;
		const char *text;
	} cases[] = {
		{ "/nonexistent/app.yaml", -ENOENT, "cannot be read: No such file or directory" },
		{ "/tmp", -EISDIR, "cannot be read: Is a directory" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *config = NULL;
		struct config_findings f = { 0 };
		assert_int_equal(config_load(cases[i].path, &config, &f), cases[i].error);
		assert_null(config);
		assert_int_equal(f.n, 1);
		assert_int_equal(f.items[0].line, 0);
		assert_int_equal(f.items[0].column, 0);
		assert_string_equal(f.items[0].text, cases[i].text);
		config_findings_done(&f);
	}
}

/* They are about no line of it. */
static void findings_about_the_whole_file(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "the file is empty: a minimal configuration is" },
		{ "# x\n", "the file is empty: a minimal configuration is" },
		{ "null\n", "the file is empty: a minimal configuration is" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *config = NULL;
		struct config_findings f = { 0 };
		assert_int_equal(
			config_load_text(cases[i].text, strlen(cases[i].text), &config, &f),
			-EINVAL);
		assert_int_equal(f.items[0].line, 0);
		assert_int_equal(f.items[0].column, 0);
		assert_string_equal(f.items[0].path, "");
		assert_non_null(strstr(f.items[0].text, cases[i].says));
		config_findings_done(&f);
	}
}

static void a_pipe_is_read_too(void **state)
{
	(void)state;
	int fds[2];
	char path[32];
	struct config *config = NULL;
	struct config_findings f = { 0 };
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], HEAD " }", strlen(HEAD " }")), strlen(HEAD " }"));
	close(fds[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(config_load(path, &config, &f), 0);
	assert_int_equal(config->bgp.n_peers, 1);
	config_free(config);
	config_findings_done(&f);
	close(fds[0]);
}

static void a_file_that_is_too_large(void **state)
{
	(void)state;
	size_t len = CONFIG_FILE_MAX + 1;
	char *text = malloc(len);
	struct config *config = NULL;
	struct config_findings f = { 0 };
	memset(text, '#', len);
	assert_int_equal(config_load_text(text, len, &config, &f), -EINVAL);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.items[0].text, "larger than the maximum of 16 MB");
	assert_int_equal(f.items[0].line, 0);
	assert_int_equal(f.items[0].column, 0);
	config_findings_done(&f);
	/* One octet less is not. */
	assert_int_equal(config_load_text(text, len - 1, &config, &f), -EINVAL);
	assert_int_equal(f.n, 1);
	assert_non_null(strstr(f.items[0].text, "the file is empty"));
	config_findings_done(&f);
	free(text);
}

/* ---- many ---- */

static char *many_apps(size_t n, const char *format, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);
	fprintf(out, HEAD " }\napps:\n");
	for (size_t i = 0; i < n; i++)
		fprintf(out, "- { name: app%zu, vip: %zu.%zu.%zu.1/32, monitors: %s }\n", i,
			11 + i / 65536, i / 256 % 256, i % 256, format);
	fclose(out);
	return text;
}

static void ten_thousand_apps(void **state)
{
	(void)state;
	size_t len;
	char *text = many_apps(10000, "port:tcp:53", &len);
	struct config *config = NULL;
	struct config_findings f = { 0 };
	assert_int_equal(config_load_text(text, len, &config, &f), 0);
	assert_int_equal(f.n, 0);
	assert_int_equal(config->n_apps, 10000);
	assert_string_equal(config->apps[9999].name, "app9999");
	config_free(config);
	config_findings_done(&f);
	free(text);
}

static void more_findings_than_are_kept(void **state)
{
	(void)state;
	size_t len, n = CONFIG_FINDINGS_MAX + 100;
	char *text = many_apps(n, "nonsense", &len);
	struct config *config = NULL;
	struct config_findings f = { 0 };
	assert_int_equal(config_load_text(text, len, &config, &f), -EINVAL);
	assert_int_equal(f.n_errors, n);
	assert_int_equal(f.n, CONFIG_FINDINGS_MAX + 1);
	assert_string_equal(f.items[0].text, "too many findings, the rest are not listed");
	config_findings_done(&f);
	free(text);
}

static void apps_are_freed_in_steps(void **state)
{
	(void)state;
	size_t len;
	char *text = many_apps(3, "port:tcp:53", &len);
	struct config *config = NULL;
	struct config_findings f = { 0 };
	assert_int_equal(config_load_text(text, len, &config, &f), 0);
	assert_true(config_free_apps(config, 0));
	assert_int_equal(config->n_apps, 3);
	assert_true(config_free_apps(config, 2));
	assert_int_equal(config->n_apps, 1);
	assert_string_equal(config->apps[0].name, "app0");
	assert_false(config_free_apps(config, 2));
	assert_int_equal(config->n_apps, 0);
	config_free(config);
	config_free(NULL);
	config_findings_done(&f);
	free(text);
}

/* ---- `vipherald check` ---- */

static void check_sums_up(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *last; /* after the name of the file */
	} cases[] = {
		{ HEAD " }", 0, ": ok, 0 apps, 1 peer\n" },
		{ HEAD " }\napps: [ { name: a, vip: 192.0.2.1/32 } ]", 0,
		  ": ok, 1 app, 1 peer, 1 warning\n" },
		{ HEAD ", x: 1 }\napps: [ { name: a, vip: 192.0.2.1/32 } ]", 1,
		  ": 1 error, 1 warning\n" },
		{ HEAD ", x: 1, y: 2 }", 1, ": 2 errors\n" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[] = "/tmp/test_config.XXXXXX", *output = NULL;
		size_t len;
		FILE *out = open_memstream(&output, &len);
		write_file(path, cases[i].text, 0600);
		assert_int_equal(cmd_check(path, out), cases[i].status);
		fclose(out);
		size_t n = strlen(cases[i].last);
		assert_true(len >= n);
		assert_string_equal(output + len - n, cases[i].last);
		unlink(path);
		free(output);
	}
}

/* The unit tests run as root, as the agent would that has no user of its own. */
static void check_warns_of_commands_of_root(void **state)
{
#define COMMANDS " }\napps: [ { name: a, vip: 192.0.2.1/32, monitors: [ 'exec:true' ] } ]"
	static const struct {
		const char *text, *warning; /* NULL: none */
	} cases[] = {
		{ HEAD COMMANDS, ": warning: commands run as root: set agent.exec.user\n" },
		{ "agent: { exec: { user: daemon } }\n" HEAD COMMANDS, NULL },
		{ "agent: { user: daemon }\n" HEAD COMMANDS, NULL },
		{ "agent: { exec: { allow_from: [ config, http-local ] } }\n" HEAD " }",
		  "commands run as root, and agent.exec.allow_from accepts them from others" },
	};
	(void)state;
	assert_int_equal(geteuid(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[] = "/tmp/test_config.XXXXXX", *output = NULL;
		size_t len;
		FILE *out = open_memstream(&output, &len);
		write_file(path, cases[i].text, 0600);
		assert_int_equal(cmd_check(path, out), 0);
		fclose(out);
		const char *found = strstr(output, "commands run as root");
		assert_int_equal(found != NULL, cases[i].warning != NULL);
		if (cases[i].warning)
			assert_non_null(strstr(output, cases[i].warning));
		unlink(path);
		free(output);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_files),
		cmocka_unit_test(invalid_files),
		cmocka_unit_test(the_example_is_valid),
		cmocka_unit_test(a_secret_that_all_can_read),
		cmocka_unit_test(vips_on_this_host),
		cmocka_unit_test(a_file_that_cannot_be_read),
		cmocka_unit_test(findings_about_the_whole_file),
		cmocka_unit_test(a_pipe_is_read_too),
		cmocka_unit_test(a_file_that_is_too_large),
		cmocka_unit_test(ten_thousand_apps),
		cmocka_unit_test(more_findings_than_are_kept),
		cmocka_unit_test(apps_are_freed_in_steps),
		cmocka_unit_test(check_sums_up),
		cmocka_unit_test(check_warns_of_commands_of_root),
	};
	own_netns_enter(); /* checks look at the host's subnets */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
