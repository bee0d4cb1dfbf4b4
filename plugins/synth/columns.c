/* SPDX-License-Identifier: MIT */
#include "columns.h"

const struct synth_column synth_columns[] = {
    {"headline", SYNTH_MID, 70},
    {"title", SYNTH_MID, 95},
    {"description_text", SYNTH_LONG, 60},
    {"company_description", SYNTH_LONG, 55},
    {"link", SYNTH_URL, 98},
    {"hash_id", SYNTH_URL, 97},
    {"datetime_open_offering", SYNTH_TIME, 80},
    {"datetime_close_offering", SYNTH_TIME, 75},
    {"company_name", SYNTH_SHORT, 96},
    {"company_legal_name", SYNTH_SHORT, 58},
    {"company_city", SYNTH_SHORT, 58},
    {"company_zip", SYNTH_SHORT, 28},
    {"company_email", SYNTH_SHORT, 44},
    {"company_phone", SYNTH_SHORT, 25},
    {"ceo_name", SYNTH_SHORT, 33},
    {"founder_names", SYNTH_SHORT, 48},
    {"lead_investor", SYNTH_SHORT, 31},
    {"escrow_agent", SYNTH_SHORT, 48},
    {"transfer_agent", SYNTH_SHORT, 62},
    {"auditor_name", SYNTH_SHORT, 60},
    {"security_terms", SYNTH_SHORT, 33},
    {"company_state", SYNTH_CATEGORY, 37},
    {"company_country", SYNTH_CATEGORY, 36},
    {"company_industry", SYNTH_CATEGORY, 50},
    {"company_sector", SYNTH_CATEGORY, 43},
    {"company_stage", SYNTH_CATEGORY, 32},
    {"company_status", SYNTH_CATEGORY, 68},
    {"security_type", SYNTH_CATEGORY, 44},
    {"offering_status", SYNTH_CATEGORY, 95},
    {"offering_type", SYNTH_CATEGORY, 65},
    {"offering_exemption", SYNTH_CATEGORY, 39},
    {"offering_currency", SYNTH_CATEGORY, 39},
    {"language", SYNTH_CATEGORY, 65},
    {"category", SYNTH_CATEGORY, 51},
    {"subcategory", SYNTH_CATEGORY, 47},
    {"jurisdiction", SYNTH_CATEGORY, 38},
    {"legal_structure", SYNTH_CATEGORY, 48},
    {"company_tagline", SYNTH_MID, 43},
    {"company_mission", SYNTH_MID, 25},
    {"offering_summary", SYNTH_MID, 52},
    {"offering_terms_text", SYNTH_MID, 54},
    {"deal_terms", SYNTH_MID, 30},
    {"deal_highlights", SYNTH_MID, 14},
    {"problem_text", SYNTH_MID, 52},
    {"competition_text", SYNTH_MID, 38},
    {"traction_text", SYNTH_MID, 33},
    {"business_model_text", SYNTH_MID, 39},
    {"team_summary", SYNTH_MID, 28},
    {"lead_investor_bio", SYNTH_MID, 18},
    {"investor_rights", SYNTH_MID, 30},
    {"use_of_funds_text", SYNTH_MID, 36},
    {"financials_summary", SYNTH_MID, 31},
    {"revenue_model", SYNTH_MID, 45},
    {"customers_text", SYNTH_MID, 19},
    {"partners_text", SYNTH_MID, 50},
    {"press_text", SYNTH_MID, 38},
    {"disclaimer_text", SYNTH_MID, 43},
    {"company_address", SYNTH_MID, 34},
    {"tags_text", SYNTH_MID, 54},
    {"company_history", SYNTH_LONG, 22},
    {"risk_text", SYNTH_LONG, 47},
    {"solution_text", SYNTH_LONG, 45},
    {"market_text", SYNTH_LONG, 27},
    {"ceo_bio", SYNTH_LONG, 49},
    {"faq_text", SYNTH_LONG, 13},
    {"company_website", SYNTH_URL, 29},
    {"company_logo_url", SYNTH_URL, 35},
    {"offering_url", SYNTH_URL, 10},
    {"video_url", SYNTH_URL, 41},
    {"cover_image_url", SYNTH_URL, 46},
    {"pitch_deck_url", SYNTH_URL, 40},
    {"form_c_url", SYNTH_URL, 40},
    {"twitter_url", SYNTH_URL, 16},
    {"linkedin_url", SYNTH_URL, 23},
    {"facebook_url", SYNTH_URL, 30},
    {"instagram_url", SYNTH_URL, 10},
    {"youtube_url", SYNTH_URL, 36},
    {"last_update_datetime", SYNTH_TIME, 51},
    {"date_of_formation", SYNTH_DAY, 42},
    {"fiscal_year_end_date", SYNTH_DAY, 37},
    {"company_exit_date", SYNTH_DAY, 49},
    {"minimum_investment_usd", SYNTH_REAL, 18},
    {"maximum_investment_usd", SYNTH_REAL, 48},
    {"price_per_share_usd", SYNTH_REAL, 48},
    {"valuation_usd", SYNTH_REAL, 17},
    {"pre_money_valuation_usd", SYNTH_REAL, 23},
    {"post_money_valuation_usd", SYNTH_REAL, 15},
    {"revenue_usd", SYNTH_REAL, 45},
    {"prior_revenue_usd", SYNTH_REAL, 45},
    {"net_income_usd", SYNTH_REAL, 41},
    {"prior_net_income_usd", SYNTH_REAL, 42},
    {"total_assets_usd", SYNTH_REAL, 35},
    {"prior_total_assets_usd", SYNTH_REAL, 28},
    {"cash_usd", SYNTH_REAL, 10},
    {"prior_cash_usd", SYNTH_REAL, 36},
    {"discount_rate", SYNTH_REAL, 8},
    {"interest_rate", SYNTH_REAL, 19},
    {"equity_offered_pct", SYNTH_REAL, 19},
    {"percent_funded", SYNTH_REAL, 11},
    {"investor_score", SYNTH_REAL, 34},
    {"funding_velocity_usd", SYNTH_REAL, 38},
    {"views_count", SYNTH_COUNT, 18},
    {"followers_count", SYNTH_COUNT, 14},
    {"comments_count", SYNTH_COUNT, 42},
    {"shares_offered", SYNTH_COUNT, 17},
    {"updates_count", SYNTH_COUNT, 32},
    {"questions_count", SYNTH_COUNT, 15},
    {"number_of_employees", SYNTH_SMALL, 64},
    {"founding_year", SYNTH_SMALL, 44},
    {"days_remaining", SYNTH_SMALL, 48},
    {"short_term_debt_usd", SYNTH_MONEY, 8},
    {"long_term_debt_usd", SYNTH_MONEY, 25},
    {"taxes_paid_usd", SYNTH_MONEY, 21},
    {"is_live", SYNTH_FLAG, 75},
    {"is_closed", SYNTH_FLAG, 56},
    {"is_featured", SYNTH_FLAG, 46},
    {"is_reg_cf", SYNTH_FLAG, 61},
    {"is_reg_a", SYNTH_FLAG, 79},
    {"has_video", SYNTH_FLAG, 71},
    {"is_equity", SYNTH_FLAG, 40},
    {"crawler_version", SYNTH_SHORT, 90},
};
const size_t synth_n_columns = sizeof synth_columns / sizeof *synth_columns;

/* Delta's JSON for types, and SQL that several columns share. */
#define TEXT       "\"string\""
#define LIST(type) "{\"type\":\"array\",\"elementType\":" type ",\"containsNull\":true}"
#define FIELD(name, type)                                                                          \
    "{\"name\":\"" name "\",\"type\":" type ",\"nullable\":true,\"metadata\":{}}"
#define RECORD(fields) "{\"type\":\"struct\",\"fields\":[" fields "]}"
#define DICTIONARY(type)                                                                           \
    "{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":" type ",\"valueContainsNull\":true}"
#define LINKS(salt, ending)                                                                        \
    "list_transform(range((draw(e, " salt ") % 4)::BIGINT), lambda x: 'https://cdn.example/' || "  \
    "e || '/' || x || '" ending "')"
#define PHRASES(salt, n)                                                                           \
    "list_transform(range((draw(e, " salt ") % " n ")::BIGINT), lambda x: CASE WHEN "              \
    "draw(e, x + " salt ") % 9 = 0 THEN NULL ELSE words(e, x + " salt ", 3) END)"
#define EACH(n, value) "list_transform(range(" n "), lambda x: " value ")"

const struct synth_nested synth_nested[] = {
    {"comments",
     LIST(RECORD(FIELD("author", TEXT) "," FIELD("text", TEXT) "," FIELD("likes", "\"long\"") "," //
                 FIELD("posted_at", "\"timestamp\""))),
     "STRUCT(author VARCHAR, text VARCHAR, likes BIGINT, posted_at TIMESTAMP WITH TIME ZONE)[]", 38,
     20,
     EACH("12", "CASE WHEN x = 5 THEN NULL ELSE {author: words(e, x + 1000, 2), text: words(e, x + "
                "1100, 9), likes: (draw(e, x) % 90)::BIGINT, posted_at: to_timestamp(1650240000 + "
                "x * 86400 + e)} END")},
    {"financial_statements_files", LIST(TEXT), "VARCHAR[]", 30, 0, LINKS("21", ".pdf")},
    {"images_of_description_url", LIST(TEXT), "VARCHAR[]", 30, 0, LINKS("22", ".jpg")},
    {"investors", LIST(RECORD(FIELD("name", TEXT) "," FIELD("amount", "\"double\""))),
     "STRUCT(name VARCHAR, amount DOUBLE)[]", 20, 15,
     EACH("16", "{name: words(e, x + 1200, 2), amount: CASE WHEN x = 3 THEN 'nan'::DOUBLE ELSE "
                "(draw(e, x + 23) % 100000) / 8.0 END}")},
    {"location",
     RECORD(FIELD("city", TEXT) "," FIELD("state", TEXT) "," FIELD("country", TEXT) "," //
            FIELD("latitude", "\"double\"") "," FIELD("longitude", "\"double\"")),
     "STRUCT(city VARCHAR, state VARCHAR, country VARCHAR, latitude DOUBLE, longitude DOUBLE)", 70,
     0,
     "{city: words(e, 24, 1), state: CASE WHEN e % 3 = 0 THEN NULL ELSE 'CA' END, country: 'US', "
     "latitude: (draw(e, 25) % 18000) / 100.0 - 90, longitude: (draw(e, 26) % 36000) / 128.0}"},
    {"market_tags", LIST(TEXT), "VARCHAR[]", 45, 0, PHRASES("27", "5")},
    {"media_mentions", LIST(RECORD(FIELD("title", TEXT) "," FIELD("url", TEXT))),
     "STRUCT(title VARCHAR, url VARCHAR)[]", 15, 40,
     EACH("6", "{title: words(e, x + 1300, 5), url: 'https://press.example/' || x}")},
    {"team", LIST(RECORD(FIELD("name", TEXT) "," FIELD("role", TEXT) "," FIELD("bio", TEXT))),
     "STRUCT(name VARCHAR, role VARCHAR, bio VARCHAR)[]", 50, 0,
     EACH("(draw(e, 28) % 5)::BIGINT",
          "{name: words(e, x + 1400, 2), role: category(x), bio: words(e, x + 1500, 8)}")},
    {"pdf_links", LIST(TEXT), "VARCHAR[]", 25, 0, LINKS("29", "/form c.pdf")},
    {"perks", LIST(RECORD(FIELD("amount", "\"double\"") "," FIELD("title", TEXT))),
     "STRUCT(amount DOUBLE, title VARCHAR)[]", 25, 0,
     EACH("(draw(e, 30) % 4)::BIGINT", "{amount: 100.0 * x, title: words(e, x + 1600, 3)}")},
    {"questions", LIST(RECORD(FIELD("q", TEXT) "," FIELD("a", TEXT))),
     "STRUCT(q VARCHAR, a VARCHAR)[]", 20, 30,
     EACH("8", "{q: words(e, x + 1700, 6) || '?', a: words(e, x + 1800, 6)}")},
    {"reasons_to_invest", LIST(TEXT), "VARCHAR[]", 35, 0, PHRASES("31", "6")},
    {"social_media", DICTIONARY(TEXT), "MAP(VARCHAR, VARCHAR)", 40, 0,
     "MAP {'twitter': '@' || words(e, 32, 1), 'linkedin': NULL, 'site \"x\"': words(e, 33, 1)}"},
    {"updates", LIST(RECORD(FIELD("date", "\"date\"") "," FIELD("text", TEXT))),
     "STRUCT(date DATE, text VARCHAR)[]", 30, 25,
     EACH("10", "{date: DATE '2022-04-18' + (x * 25)::INTEGER, text: words(e, x + 1900, 10)}")},
    {"use_of_funds", DICTIONARY("\"double\""), "MAP(VARCHAR, DOUBLE)", 30, 0,
     "MAP {'marketing': (draw(e, 34) % 60)::DOUBLE, 'fees': 6.5, 'r & d / é': 1e16}"},
    {"videos_of_description_url", LIST(TEXT), "VARCHAR[]", 20, 0, LINKS("35", ".mp4")},
    {"slide_decks", LIST(TEXT), "VARCHAR[]", 15, 0, LINKS("36", ".pptx")},
};
const size_t synth_n_nested = sizeof synth_nested / sizeof *synth_nested;

const char *synth_type(enum synth_kind kind)
{
    switch (kind) {
    case SYNTH_TIME:
        return "timestamp";
    case SYNTH_DAY:
        return "date";
    case SYNTH_REAL:
        return "double";
    case SYNTH_COUNT:
        return "long";
    case SYNTH_SMALL:
        return "integer";
    case SYNTH_MONEY:
        return "decimal(18,2)";
    case SYNTH_FLAG:
        return "boolean";
    default:
        return "string";
    }
}

const char *synth_sql_type(enum synth_kind kind)
{
    switch (kind) {
    case SYNTH_TIME:
        return "TIMESTAMP WITH TIME ZONE";
    case SYNTH_DAY:
        return "DATE";
    case SYNTH_REAL:
        return "DOUBLE";
    case SYNTH_COUNT:
        return "BIGINT";
    case SYNTH_SMALL:
        return "INTEGER";
    case SYNTH_MONEY:
        return "DECIMAL(18,2)";
    case SYNTH_FLAG:
        return "BOOLEAN";
    default:
        return "VARCHAR";
    }
}

int synth_is_text(enum synth_kind kind)
{
    return kind <= SYNTH_DAY;
}
