SwaggerUIBundle({
  url: "../api/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null, // nothing is sent to another site
});
