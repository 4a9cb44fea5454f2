/* alloc: a C structure as it would be handed to the kernel, which is not asked. */
#include "../call.h"

#include <errno.h>

int call_alloc(const struct argument *args, struct mp_writer *value) {
        const struct structure *s = &args[0].structure;

        if (s->form != STRUCTURE_ELEMENTS || !s->count)
                return -EINVAL;
        mp_write_array(value, 2);
        mp_write_bytes(value, s->memory, s->size);
        structure_write(s, value);
        return 0;
}
