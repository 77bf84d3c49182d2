/* password.c: what JavaScript calls of Argon2, the library in the npm package argon2, whose own
 * POSIX threads fill the memory. */
#include <argon2.h>
#include <weft.h>

/* Hashes a password with Argon2id on as many threads as lanes. Returns 0, or a number for
 * argon2_error_text. */
WEFT_EXPORT int hash_password(const char *password, size_t password_bytes, const uint8_t *salt,
                              size_t salt_bytes, uint32_t kibibytes, uint32_t lanes, uint8_t *tag,
                              size_t tag_bytes)
{
    return argon2id_hash_raw(3, kibibytes, lanes, password, password_bytes, salt, salt_bytes, tag,
                             tag_bytes);
}

WEFT_EXPORT const char *argon2_error_text(int number)
{
    return argon2_error_message(number);
}
