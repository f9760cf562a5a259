/* SPDX-License-Identifier: MIT */
#include "agent/model/router_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sha256.h"

#define MAC_MAX      32
#define UNICAST      0x01000000u /* 1.0.0.0 … */
#define UNICAST_SIZE 0xdf000000u /* … 223.255.255.255 */
#define LOOPBACK_NET 127u

uint32_t router_id_derive(const char *machine_id, const uint8_t *mac, size_t mac_len)
{
	char text[160], digest[SHA256_TEXT_MAX], word[9] = "";
	int n = snprintf(text, sizeof(text), "vipherald router-id %.64s ", machine_id);
	for (size_t i = 0; i < mac_len && i < MAC_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%02x", mac[i]);
	sha256_text(text, (size_t)n, digest);
	memcpy(word, digest, 8);
	uint32_t id = UNICAST + (uint32_t)strtoul(word, NULL, 16) % UNICAST_SIZE;
	return id >> 24 == LOOPBACK_NET ? id ^ 1u << 24 : id;
}
