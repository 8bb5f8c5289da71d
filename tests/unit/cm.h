/* What every cmocka program includes, in the order cmocka wants. */
#ifndef SUNABA_TESTS_CM_H
#define SUNABA_TESTS_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
