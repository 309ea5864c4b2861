/* Text encodings and their error handlers; str_encode and bytes_decode are in vm/types/bytes.h. */
#ifndef MINI_VM_TYPES_CODECS_H
#define MINI_VM_TYPES_CODECS_H

#include "vm/types/bytes.h"
#include "vm/types/str.h"

/* To add an encoding: a row in EncodingId and in codecs.c's table of names, an encoder step in codec_encode.c, a decoder step in codec_decode.c.
 *
 * Raises UnicodeEncodeError(encoding, s, start, end, reason). Result: false. */
bool codec_encode_error(Vm *vm, const char *encoding, Str *s, size_t start, size_t end, const char *reason);
/* Raises UnicodeDecodeError(encoding, the bytes, start, end, reason). Result: false. */
bool codec_decode_error(Vm *vm, const char *encoding, const uint8_t *data, size_t length, size_t start, size_t end, const char *reason);

/* What an error handler does with what cannot be encoded or decoded. */
typedef enum ErrorHandler {
    HANDLER_STRICT,
    HANDLER_IGNORE,
    HANDLER_REPLACE,
    HANDLER_SURROGATE_ESCAPE,
    HANDLER_SURROGATE_PASS,
    HANDLER_BACKSLASH_REPLACE,
    HANDLER_XML_REPLACE,
    HANDLER_NAME_REPLACE,
    HANDLER_UNKNOWN /* looked up only when an error occurs: LookupError */
} ErrorHandler;
/* errors NULL: strict. */
ErrorHandler error_handler_find(const char *errors);

typedef enum EncodingId {
    ENCODING_UTF_8,
    ENCODING_UTF_8_SIG,
    ENCODING_LATIN_1,
    ENCODING_ASCII,
    ENCODING_CP1252,
    ENCODING_UTF_16,
    ENCODING_UTF_16_LE,
    ENCODING_UTF_16_BE,
    ENCODING_UTF_32,
    ENCODING_UTF_32_LE,
    ENCODING_UTF_32_BE,
    ENCODING_UNKNOWN
} EncodingId;
/* By any of its names, in any case, '-' and '_' being the same. NULL: utf-8. */
EncodingId encoding_find(const char *name);

/* As it stands in error messages: "utf-8", "charmap" ... */
const char *encoding_error_name(EncodingId id);
extern const uint16_t CP1252_HIGH[32]; /* characters of the bytes 0x80..0x9F; 0: undefined */

/* The general ways, for any text and error handler (codec_encode.c, codec_decode.c). errors: the handler's name, NULL: strict. */
Value text_encode(Vm *vm, Str *s, EncodingId encoding, const char *errors);
Value text_decode(Vm *vm, const uint8_t *data, size_t length, EncodingId encoding, const char *errors);

/* Bytes at the end of data that start a UTF-8 character without ending it (0..3): for decoding in pieces. */
size_t utf8_incomplete(const uint8_t *data, size_t length);

/* A codec argument (encoding=, errors=) as a C string in buffer; VALUE_EMPTY: NULL in *out. false: TypeError naming `function`
 * and the argument, or ValueError for an embedded NUL. A name too long for the buffer is cut: no codec has it. */
#define CODEC_NAME_MAX 64
bool codec_name_argument(Vm *vm, Value v, const char *function, const char *argument, char buffer[CODEC_NAME_MAX], const char **out);

#endif
