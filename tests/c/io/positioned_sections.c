// rule: as io/positioned, every call on the file a blocking section
// env: GEVENTRS_FILE_IO=section
// timeout: 60
#include "positioned.c"
