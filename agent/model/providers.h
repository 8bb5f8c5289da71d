/* The providers that are built in. */
#ifndef SUNABA_MODEL_PROVIDERS_H
#define SUNABA_MODEL_PROVIDERS_H

#include "agent/model/provider.h"

extern const struct provider provider_openai, provider_ollama, provider_script,
    provider_demo;

#endif
