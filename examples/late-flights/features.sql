-- Training table for the question asked at push-back: will this flight arrive more than 15 minutes late?
--
-- `flights` has one row a flight: date (the actual departure, on the clock of the origin), delay (minutes late on
-- arrival), distance (miles), origin, destination. A row may only use what was known when it left the gate: flights
-- that had landed by then. The landing itself is not in the data, so it is taken to be late rather than early:
-- departure + 45 minutes + distance at 6.5 miles a minute, rounded up to the next full hour (`known_at`).
WITH
flown AS MATERIALIZED (
  SELECT
    date,
    origin,
    destination,
    distance,
    delay,
    delay > 15 AS late,
    date_trunc('hour', date) AS hour,
    date_trunc('hour', date + to_minutes(CAST(ceil(45 + distance / 6.5) AS BIGINT))) + INTERVAL 1 HOUR AS known_at
  FROM flights
  WHERE delay BETWEEN -180 AND 1800 -- outside is a broken clock, not a delay
),

-- How many flights of an origin were known to have landed by an hour, and how many of them late, since the first row.
landed AS (
  SELECT
    origin,
    known_at,
    sum(count(*)) OVER so_far AS flights,
    sum(count(*) FILTER (late)) OVER so_far AS late
  FROM flown
  GROUP BY origin, known_at
  WINDOW so_far AS (PARTITION BY origin ORDER BY known_at)
),

-- The share of late ones among those that became known in the last 3 and 24 hours: differences of the counts above.
hours AS (SELECT DISTINCT origin, hour FROM flown),
origin_hour AS (
  SELECT
    hours.origin,
    hours.hour,
    (latest.late - coalesce(before_3h.late, 0)) / nullif(latest.flights - coalesce(before_3h.flights, 0), 0)
      AS late_share_3h,
    (latest.late - coalesce(before_24h.late, 0)) / nullif(latest.flights - coalesce(before_24h.flights, 0), 0)
      AS late_share_24h
  FROM hours
  ASOF LEFT JOIN landed AS latest
    ON latest.origin = hours.origin AND hours.hour >= latest.known_at
  ASOF LEFT JOIN landed AS before_3h
    ON before_3h.origin = hours.origin AND hours.hour - INTERVAL 3 HOUR >= before_3h.known_at
  ASOF LEFT JOIN landed AS before_24h
    ON before_24h.origin = hours.origin AND hours.hour - INTERVAL 24 HOUR >= before_24h.known_at
),

-- The timetable is not in the data either. Departure minus delay is close to the scheduled departure, so the quarters
-- of an hour in which a route gathered most flights of one week are its usual slots in the next week. A flight counts
-- in the week in which it was known to have landed.
quarters AS (
  SELECT
    origin,
    destination,
    date_trunc('week', known_at) + INTERVAL 7 DAY AS week,
    (hour(date) * 60 + minute(date) - delay) // 15 AS quarter,
    count(*) AS flights,
    sum(hour(date) * 60 + minute(date) - delay) AS minutes
  FROM flown
  GROUP BY ALL
),
peaks AS (
  SELECT
    origin,
    destination,
    week,
    sum(minutes) OVER around / sum(flights) OVER around AS minute_of_day,
    flights = max(flights) OVER around AND sum(flights) OVER around >= 3 AS is_peak
  FROM quarters
  WINDOW around AS (
    PARTITION BY origin, destination, week ORDER BY quarter RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING
  )
),
-- A flight may leave a little early: it belongs to a slot from 25 minutes before it.
slots AS (
  SELECT
    origin,
    destination,
    CAST(week AS TIMESTAMP) + to_days(CAST(day AS INTEGER)) + to_minutes(CAST(minute_of_day AS BIGINT)) AS slot,
    slot - INTERVAL 25 MINUTE AS opens
  FROM peaks, range(7) AS days(day)
  WHERE is_peak
)

SELECT
  flown.date,
  CAST(flown.date AS DATE) AS day,
  flown.origin,
  flown.destination,
  CAST(flown.distance AS DOUBLE) AS distance,
  CAST(hour(flown.date) * 60 + minute(flown.date) AS DOUBLE) AS minute_of_day,
  CAST(isodow(flown.date) AS DOUBLE) AS weekday,
  origin_hour.late_share_3h,
  origin_hour.late_share_24h,
  CAST(date_diff('minute', slots.slot, flown.date) AS DOUBLE) AS minutes_since_slot,
  flown.late
FROM flown
JOIN origin_hour ON origin_hour.origin = flown.origin AND origin_hour.hour = flown.hour
ASOF LEFT JOIN slots
  ON slots.origin = flown.origin AND slots.destination = flown.destination AND flown.date >= slots.opens
