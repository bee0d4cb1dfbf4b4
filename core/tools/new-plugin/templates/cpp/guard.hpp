/* SPDX-License-Identifier: MIT */
#ifndef GUARD_HPP
#define GUARD_HPP

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "fw/sdk.h"

/** What a stage throws where a C stage returns: a class of fw/status.h and the sentence. */
class failure : public std::runtime_error
{
  public:
    failure(fw_status status, const std::string &what) : std::runtime_error(what), status(status)
    {
    }
    const fw_status status;
};

/** A negative status of a service, whose fault is on record already. */
struct failed_call {
    fw_status status;
};

inline void check(fw_status status)
{
    if (status < 0) {
        throw failed_call{status};
    }
}

/** Calls `body`; no exception crosses the boundary, each becomes a fault with its class. */
template <typename Body> fw_status guarded(const fw_host *host, Body body) noexcept
{
    try {
        return body();
    } catch (const failed_call &call) {
        return call.status;
    } catch (const failure &e) {
        return FW_FAIL(host, e.status, .what = e.what());
    } catch (const std::bad_alloc &) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "out of memory");
    } catch (const std::exception &e) {
        return FW_FAIL(host, FW_E_INTERNAL, .what = e.what());
    } catch (...) {
        return FW_FAIL(host, FW_E_INTERNAL, .what = "an exception of unknown type");
    }
}

/**
 * The callbacks of a stage made of a class: a constructor (host, task), `fw_status step(fw_step &)`
 * and, where it can be resumed, `std::string save()` and `void restore(const std::string &)`.
 */
template <typename Stage> struct callbacks {
    struct instance {
        const fw_host *host;
        Stage stage;
    };

    static fw_status create(const fw_host *host, const fw_task *task, void **ret_self) noexcept
    {
        return guarded(host, [&] {
            *ret_self = new instance{host, Stage(host, task)};
            return FW_OK;
        });
    }

    static fw_status step(void *self, fw_step *ret) noexcept
    {
        auto *it = static_cast<instance *>(self);
        return guarded(it->host, [&] { return it->stage.step(*ret); });
    }

    static fw_status save(void *self, fw_blob *ret) noexcept
    {
        auto *it = static_cast<instance *>(self);
        return guarded(it->host, [&] {
            auto *bytes = new std::string(it->stage.save());
            ret->version = Stage::state_version;
            ret->bytes = bytes->data();
            ret->size = bytes->size();
            ret->private_data = bytes;
            ret->release = [](fw_blob *blob) {
                delete static_cast<std::string *>(blob->private_data);
            };
            return FW_OK;
        });
    }

    static fw_status restore(void *self, const fw_blob *blob) noexcept
    {
        auto *it = static_cast<instance *>(self);
        return guarded(it->host, [&] {
            if (blob->version != Stage::state_version) {
                throw failure(FW_E_STATE, "the state is of another version");
            }
            it->stage.restore(std::string(static_cast<const char *>(blob->bytes), blob->size));
            return FW_OK;
        });
    }

    static void destroy(void *self) noexcept
    {
        delete static_cast<instance *>(self);
    }
};

#endif
