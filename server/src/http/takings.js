/* Keeps the click that led here, and hands it to Stripe Checkout. takings.clickId() tells it. */
(function () {
  "use strict";
  var name = "tk_click", days = 90, form = /^clk_[0-9a-f]{32}$/;
  var no = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  function check(id) { return form.test(id || "") ? id : ""; }
  function find(text, start) {
    var match = new RegExp("(?:^|" + start + ")" + name + "=([^&;#]*)").exec(text);
    return check(match && match[1]);
  }
  function stored() {
    try {
      var kept = JSON.parse(localStorage.getItem(name));
      return kept.until > Date.now() ? check(kept.id) : "";
    } catch (e) { return ""; }
  }
  function keep(id) {
    var age = days * 86400, safe = location.protocol === "https:" ? ";Secure" : "";
    document.cookie = name + "=" + id + ";Max-Age=" + age + ";Path=/;SameSite=Lax" + safe;
    try {
      localStorage.setItem(name, JSON.stringify({ id: id, until: Date.now() + age * 1000 }));
    } catch (e) { /* Only the cookie, then. */ }
  }
  var fresh = no ? "" : find(location.search.slice(1), "&");
  if (fresh) keep(fresh);
  var id = no ? "" : fresh || find(document.cookie, "; ?") || stored();
  // A payment link gets the click as its client_reference_id, unless it has one.
  function hand(event) {
    var link = event.target.closest && event.target.closest("a[href]");
    if (!id || !link || link.hostname !== "buy.stripe.com") return;
    var url = new URL(link.href);
    if (url.searchParams.has("client_reference_id")) return;
    url.searchParams.set("client_reference_id", id);
    link.href = url.href;
  }
  document.addEventListener("click", hand, true);
  document.addEventListener("auxclick", hand, true);
  window.takings = { clickId: function () { return id; } };
})();
