/* SPDX-License-Identifier: MIT */
#include "bgp/aspath.h"

#include <inttypes.h>

#include "bgp/wire.h"

struct segment {
	uint8_t type;
	size_t n;
	struct reader ases;
};

/* The next segment; false at the end, and at a broken one, after which the reader has failed. */
static bool segment_next(struct reader *path, uint8_t as_size, struct segment *ret)
{
	if (reader_left(path) == 0)
		return false;
	struct segment s = { .type = reader_u8(path) };
	s.n = reader_u8(path);
	s.ases = reader_sub(path, s.n * as_size);
	if (s.n == 0)
		path->failed = true;
	*ret = s;
	return !path->failed;
}

static bool segment_is_confed(const struct segment *s)
{
	return s->type == BGP_AS_CONFED_SEQUENCE || s->type == BGP_AS_CONFED_SET;
}

/* As RFC 4271 9.1.2.2 and RFC 5065 5.3 count the length of a path. */
static size_t segment_count(const struct segment *s)
{
	if (segment_is_confed(s))
		return 0;
	return s->type == BGP_AS_SET ? 1 : s->n;
}

static uint32_t as_next(struct reader *ases, uint8_t as_size)
{
	return as_size == 4 ? reader_u32(ases) : reader_u16(ases);
}

bool bgp_as_path_is_valid(struct reader path, uint8_t as_size, bool confed_ok)
{
	struct segment s;
	while (segment_next(&path, as_size, &s)) {
		if (s.type < BGP_AS_SET || s.type > BGP_AS_CONFED_SET)
			return false;
		if (segment_is_confed(&s) && !confed_ok)
			return false;
	}
	return !path.failed;
}

static size_t path_count(struct reader path, uint8_t as_size)
{
	struct segment s;
	size_t n = 0;
	while (segment_next(&path, as_size, &s))
		n += segment_count(&s);
	return n;
}

/* The first `n` AS numbers of a segment. */
static void segment_add_text(struct strbuf *sb, const struct segment *s, size_t n, uint8_t as_size)
{
	static const struct {
		const char *open, *between, *close;
	} marks[] = {
		[BGP_AS_SET] = { "{", ",", "}" },
		[BGP_AS_SEQUENCE] = { "", " ", "" },
		[BGP_AS_CONFED_SEQUENCE] = { "(", " ", ")" },
		[BGP_AS_CONFED_SET] = { "[", ",", "]" },
	};
	struct reader ases = s->ases;
	strbuf_add(sb, "%s%s", sb->len > 0 ? " " : "", marks[s->type].open);
	for (size_t i = 0; i < n; i++)
		strbuf_add(sb, "%s%" PRIu32, i > 0 ? marks[s->type].between : "",
			   as_next(&ases, as_size));
	strbuf_add(sb, "%s", marks[s->type].close);
}

void bgp_as_path_add_text(struct strbuf *sb, struct reader path, uint8_t as_size)
{
	struct segment s;
	while (segment_next(&path, as_size, &s))
		segment_add_text(sb, &s, s.n, as_size);
}

/* AS4_PATH knows the last part of the path only: the ASes that were added since by speakers with
 * 2-octet numbers come in front. Confederation segments are not allowed in AS4_PATH (RFC 6793 6).
 */
void bgp_as_path_add_merged_text(struct strbuf *sb, struct reader path2, struct reader path4)
{
	size_t count2 = path_count(path2, 2), count4 = path_count(path4, 4);
	if (count2 < count4 || count4 == 0) {
		bgp_as_path_add_text(sb, path2, 2);
		return;
	}
	struct segment s;
	size_t lead = count2 - count4;
	while (lead > 0 && segment_next(&path2, 2, &s)) {
		size_t count = segment_count(&s);
		size_t n = s.type == BGP_AS_SEQUENCE && count > lead ? lead : s.n;
		segment_add_text(sb, &s, n, 2);
		lead -= count < lead ? count : lead;
	}
	while (segment_next(&path4, 4, &s))
		if (!segment_is_confed(&s))
			segment_add_text(sb, &s, s.n, 4);
}

size_t bgp_as_path_size(size_t n, uint8_t as_size)
{
	size_t segments = (n + BGP_AS_SEGMENT_MAX - 1) / BGP_AS_SEGMENT_MAX;
	return segments * 2 + n * as_size;
}

void bgp_as_path_encode(struct writer *w, const uint32_t *path, size_t n, uint8_t as_size)
{
	for (size_t i = 0; i < n; i++) {
		size_t left = n - i;
		if (i % BGP_AS_SEGMENT_MAX == 0) {
			writer_u8(w, BGP_AS_SEQUENCE);
			writer_u8(w,
				  (uint8_t)(left < BGP_AS_SEGMENT_MAX ? left : BGP_AS_SEGMENT_MAX));
		}
		if (as_size == 4)
			writer_u32(w, path[i]);
		else
			writer_u16(w, path[i] > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)path[i]);
	}
}
